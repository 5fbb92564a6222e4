package checks

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Checks of the tool itself, on models small enough to know everything of.

// toySide is the side of the toys' images.
const toySide = 4

// toy is a linear classifier of 4x4 images: [-z, z, -1, -2] with z = w·x + b,
// the model of adversarial-library's tests. The change that z needs is known.
func toy() (v attacks.Victim, weights []float32) {
	const n = toySide * toySide
	weights = make([]float32, n)
	columns := make([][]float32, n)
	bias := float32(0)
	for i := range weights {
		weights[i] = float32(1+i%5) / 10
		if i%3 == 0 {
			weights[i] = -weights[i]
		}
		bias -= weights[i] / 2 // grey is on the boundary
		columns[i] = []float32{-weights[i], weights[i], 0, 0}
	}
	v = attacks.Victim{H: toySide, W: toySide, C: 1, Classes: 4}
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		z := op.MatMul(s.Op("z"), s.Reshape(images, n), op.Const(s.Op("w"), columns))
		return op.BiasAdd(s.Op("logits"), z, op.Const(s.Op("b"), []float32{-bias, bias, -1, -2}))
	}
	return v, weights
}

// toySet are n images at the same distance either side of grey, and that
// distance in a norm. What lies across w differs from image to image.
func toySet(weights []float32, n int, norm attacks.Norm) (set attacks.Set, distance float64) {
	const z = .2
	var ones, squares, biggest float64
	for _, w := range weights {
		a := math.Abs(float64(w))
		ones, squares, biggest = ones+a, squares+a*a, max(biggest, a)
	}
	for i := range n {
		side := float32(2*(i%2) - 1)
		row := make([]float32, len(weights))
		for k, w := range weights {
			row[k] = .5 + side*z*w/float32(squares)
		}
		// A change of two pixels that leaves z as it is.
		a, b := i%len(row), (i+5)%len(row)
		row[a] += .05 * weights[b]
		row[b] -= .05 * weights[a]
		set.Pixels = append(set.Pixels, row...)
		set.Labels = append(set.Labels, int32(i%2))
		set.Index = append(set.Index, i)
	}
	return set, map[attacks.Norm]float64{attacks.Linf: z / ones, attacks.L2: z / math.Sqrt(squares), attacks.L1: z / biggest}[norm]
}

// build opens a net with v in it.
func build(v attacks.Victim, t attacks.Threat, list ...attacks.Attack) (attacks.Stage, error) {
	var a *attacks.Arena
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		if a, err = attacks.NewArena(b, v, t); err != nil {
			return err
		}
		return a.Declare(list...)
	})
	return attacks.Stage{Arena: a, Net: net}, err
}

// unbounded effort would be spent on a toy by these: their optimum is in the
// tests of package attacks.
var slow = []string{"cw", "ead", "jsma", "fmn-l0"}

// analytic is C25: the white-box attacks of the evaluation, with their
// settings, on the toy.
func analytic(x *exam) (verdict, error) {
	var list []attacks.Attack
	for _, s := range x.ev.Series {
		a, err := attacks.Parse(strip(s.Attack, "eps", "budget"))
		if err != nil || s.Family != attacks.WhiteBox || s.Norm != x.ev.Norm || setting(s, "target") != "" || slices.Contains(slow, s.Name) {
			continue
		}
		if !slices.ContainsFunc(s.Losses, func(l attacks.Loss) bool { return !ofLogits(l) }) && !slices.ContainsFunc(list, func(b attacks.Attack) bool { return attacks.Text(a) == attacks.Text(b) }) {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return skip("the evaluation has no white-box attack on the logits in its own norm")
	}
	v, weights := toy()
	set, distance := toySet(weights, 16, x.ev.Norm)
	stage, err := build(v, attacks.Threat{Norm: x.ev.Norm, Lo: 0, Hi: 1}, list...)
	if err != nil {
		return verdict{}, err
	}
	defer stage.Net.Close()
	ratio := 1.25
	e, err := attacks.NewEngine(stage, stage, attacks.Options{Attacks: list, Eps: []float32{float32(ratio * distance)}, Batch: 16, Exhaustive: true})
	if err != nil {
		return verdict{}, err
	}
	ev, err := e.Run(x.ctx, set, nil, nil)
	if err != nil {
		return verdict{}, err
	}
	return optimal(ev, distance, ratio), nil
}

// optimal compares what each series found with the optimum.
func optimal(ev *attacks.Evaluation, distance, ratio float64) verdict {
	out := verdict{status: Pass}
	var fine, off []string
	for _, s := range ev.Series {
		limit := ratio
		if s.Name == "deepfool" {
			limit = 1.02 * (1 + 1e-4/distance) // its overshoot; its steps are 1e-4 longer
		}
		var ratios []float64
		for _, at := range s.Attempts {
			ratios = append(ratios, float64(at.Distance)/distance)
		}
		far := median(ratios) // one random start may miss on one image
		text := fmt.Sprintf("%s %.3f", s.Attack, far)
		if far <= limit*1.0001+1e-5 {
			fine = append(fine, text)
		} else {
			off = append(off, text)
		}
	}
	out.value = "median distance as a multiple of the optimum: " + strings.Join(append(off, fine...), ", ")
	if len(off) > 0 {
		out.status = Warn // the worst case is that of the others
		if len(fine) == 0 {
			out.status = Fail
		}
		out.advice = "with these settings the attack misses what is known to be there: " + strings.Join(off, ", ")
	}
	return out
}

// strip removes keys from an attack's text.
func strip(text string, keys ...string) string {
	name, inner, ok := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	if !ok {
		return text
	}
	var kv []string
	for _, f := range strings.Split(inner, ",") {
		if k, _, _ := strings.Cut(f, "="); !slices.Contains(keys, strings.TrimSpace(k)) {
			kv = append(kv, f)
		}
	}
	return name + "(" + strings.Join(kv, ",") + ")"
}

// cheap are the checks of C26: those that ask the victim directly.
var cheap = []string{"C10", "C12", "C13", "C21"}

// selfTest is C26.
func selfTest(x *exam) (verdict, error) {
	v := verdict{status: Pass}
	var flagged []string
	for _, s := range append([]Subject{{"the plain model", func(v attacks.Victim) attacks.Victim { return v }}}, Subjects...) {
		by, err := tryOn(x.ctx, s)
		if err != nil {
			return v, err
		}
		if (len(by) > 0) == (s.Name == "the plain model") {
			v.status = Fail
			v.advice = "the checks do not tell broken defences from others here: trust none of them"
		}
		if len(by) == 0 {
			by = []string{"nothing"}
		}
		flagged = append(flagged, s.Name+" by "+strings.Join(by, ", "))
	}
	v.value = "flagged: " + strings.Join(flagged, "; ")
	return v, nil
}

// tryOn lists the cheap checks that a subject fails.
func tryOn(ctx context.Context, s Subject) ([]string, error) {
	v, weights := toy()
	set, _ := toySet(weights, 16, attacks.Linf)
	stage, err := build(s.Wrap(v), attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1}, Attacks()...)
	if err != nil {
		return nil, err
	}
	defer stage.Net.Close()
	results, err := Run(ctx, Input{Judge: stage, Guide: stage, Set: set, Eps: .1, N: 16, Batch: 16, Only: cheap}, nil)
	var by []string
	for _, r := range results {
		if r.Status == Fail {
			by = append(by, r.ID)
		}
	}
	return by, err
}
