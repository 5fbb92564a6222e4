package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/pipelines"
)

var inf = attacks.Distance(math.Inf(1))

// fakeAttack is an attack of a made-up evaluation; strength is about the median
// distance of what it finds.
type fakeAttack struct {
	text     string
	name     string
	family   attacks.Family
	schedule attacks.RadiusSearch
	loss     attacks.Loss
	strength float64
	radii    []float32
}

var fakeAttacks = []fakeAttack{
	{"random", "random", attacks.Baseline, attacks.Ascending, "", .42, nil},
	{"fgsm", "fgsm", attacks.WhiteBox, attacks.Ascending, attacks.Classification, .16, nil},
	{"fgsm(loss=training)", "fgsm", attacks.WhiteBox, attacks.Ascending, attacks.Training, .5, nil},
	{"bim(steps=10)", "bim", attacks.WhiteBox, attacks.Bisection, attacks.Classification, .1, nil},
	{"pgd(steps=40,restarts=5)", "pgd", attacks.WhiteBox, attacks.Bisection, attacks.Margin, .09, nil},
	{"deepfool", "deepfool", attacks.WhiteBox, attacks.MinimumNorm, attacks.Linear, .13, nil},
	{"square(queries=1000)", "square", attacks.Score, attacks.Bisection, "", .15, nil},
	{"boundary", "boundary", attacks.Decision, attacks.MinimumNorm, "", .2, nil},
}

// fake is an evaluation of n images made up from seed: each attack finds an
// example of each image at a random distance.
func fake(name string, n int, radii []float32, exhaustive bool, list []fakeAttack, seed uint64) Record {
	g := rand.New(rand.NewPCG(seed, 1))
	const classes = 10
	ev := attacks.Evaluation{Norm: attacks.Linf, Radii: radii, Exhaustive: exhaustive, Images: n, Seconds: 83.2}
	for i := range n {
		label := int32(g.IntN(classes))
		class := label
		if g.Float64() < .015 {
			class = (label + 1) % classes
		}
		ev.Labels, ev.Clean, ev.Index = append(ev.Labels, label), append(ev.Clean, class), append(ev.Index, i)
		if class == label {
			ev.CleanCorrect++
		}
	}
	hard := make([]float64, n)
	for i := range hard {
		hard[i] = math.Exp(.45 * g.NormFloat64())
	}
	for _, a := range list {
		r := a.radii
		if r == nil {
			r = radii
		}
		s := attacks.AttackResult{
			Attack: a.text, Name: a.name, Paper: "Somebody 2018", Family: a.family, Search: a.schedule, Norm: attacks.Linf, Radii: r,
			Params: []attacks.Param{{Key: "steps", Value: map[bool]string{true: "40", false: ""}[a.name == "pgd"], Help: "iterations"}, {Key: "seed", Value: "0", Help: "of its random numbers"}, {Key: "target", Help: "class to reach"}},
		}
		if a.loss != "" {
			s.Losses = []attacks.Loss{a.loss}
			s.Params = append(s.Params, attacks.Param{Key: "loss", Value: string(a.loss)})
		}
		for i := range n {
			s.Results = append(s.Results, a.attempt(&ev, r, i, hard[i], g))
		}
		ev.Attacks = append(ev.Attacks, s)
		for _, at := range s.Results {
			ev.Cost.Forward, ev.Cost.Backward, ev.Cost.Referee = ev.Cost.Forward+at.Forward, ev.Cost.Backward+at.Backward, ev.Cost.Referee+at.Referee
		}
	}
	return Record{
		About: About{
			Run: name, Kind: "disentangled", Encoder: "hinton", Checkpoint: "last", Set: "mnist", Part: "test", Shape: [3]int{28, 28, 1}, Classes: classes,
			ModelHash: strings.Repeat("3fa9", 16), DataHash: strings.Repeat("c0de", 16), Version: "v0.4.0", TensorFlow: "2.18.1", Machine: "2 cores, CPU",
			Seed: 1, Precision: "bfloat16", Date: time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC), Command: "unwarp attack runs/" + name + " --images 1000",
		},
		Evaluation: ev,
		Checks: []checks.Result{
			{ID: "C01", Title: "Iterative attacks find what single steps find", Status: checks.Pass, Value: "0.0 % missed", Threshold: "at most 0.5 %", Source: "Carlini et al. 2019"},
			{ID: "C04", Title: "Iterations converged", Status: checks.Warn, Value: "0.8 points from 40 to 80 steps", Threshold: "at most 0.5 points", Advice: "Give PGD more steps: steps=100.", Source: "Carlini et al. 2019"},
			{ID: "C11", Title: "Softmax not saturated", Status: checks.Pass, Value: "0.1 points", Threshold: "at most 1 point", Source: "AutoAttack"},
			{ID: "C23", Title: "Undefended baseline breaks", Status: checks.Skip, Value: "no baseline given", Threshold: "at least 95 %", Advice: "Name an undefended run with attack.baseline.", Source: "Carlini et al. 2019"},
		},
	}
}

func (a fakeAttack) attempt(ev *attacks.Evaluation, radii []float32, i int, hard float64, g *rand.Rand) attacks.ImageResult {
	distance := a.strength * hard * math.Exp(.2*g.NormFloat64())
	at := attacks.ImageResult{Done: true, Distance: inf, ThreatDistance: inf, Tried: strings.Repeat(".", len(radii))}
	if !ev.Correct(i) {
		return attacks.ImageResult{Distance: inf, ThreatDistance: inf}
	}
	open := len(radii)
	if !ev.Exhaustive {
		for s := range ev.Attacks {
			for open > 0 && ev.Misclassified(s, i, radii[open-1]) {
				open--
			}
		}
		if open == 0 {
			at.Skipped = true
			return at
		}
	}
	at.Forward, at.Backward, at.Referee = 40+g.IntN(40), 40, 1+g.IntN(3)
	tried := []byte(at.Tried)
	for k := range open {
		tried[k] = '0'
		if distance <= float64(radii[k]) {
			tried[k] = '1'
			if at.ThreatDistance == inf {
				at.ThreatDistance = attacks.Distance(min(float64(radii[k]), distance*1.05))
			}
		}
	}
	if at.Tried = string(tried); a.schedule == attacks.MinimumNorm {
		at.Tried, at.ThreatDistance = "", attacks.Distance(distance)
	}
	if at.Distance = at.ThreatDistance; at.ThreatDistance != inf {
		at.Class, at.Queries = int(ev.Labels[i]+3)%10, 1+int(400*hard*g.Float64())
	}
	if i < 50 && a.schedule == attacks.Bisection {
		for k := range 40 {
			at.LossCurve = append(at.LossCurve, float32(8*(1-math.Exp(-float64(k)/10))+.3*g.Float64()))
		}
	}
	return at
}

// drawn are made-up pictures of the first images.
func drawn(r *Record, k int) Images {
	sh := pipelines.Shape{H: r.Shape[0], W: r.Shape[1], C: r.Shape[2]}
	im := Images{Shape: sh}
	g := rand.New(rand.NewPCG(9, 9))
	for i := range k {
		x := make([]float32, sh.Len())
		for v := range sh.H {
			for u := range sh.W {
				d := math.Hypot(float64(u-sh.W/2), float64(v-sh.H/2)) - float64(sh.W)/4
				for c := range sh.C {
					x[(v*sh.W+u)*sh.C+c] = float32(math.Exp(-d*d/float64(4+i)) * (1 - .2*float64(c)))
				}
			}
		}
		im.Clean = append(im.Clean, x)
	}
	for s := range r.Evaluation.Attacks {
		row := make([][]float32, k)
		for i := range min(k, r.Evaluation.Images) {
			at := r.Evaluation.Attacks[s].Results[i]
			if validDistance(at.ThreatDistance) == inf || !at.Done {
				continue
			}
			row[i] = make([]float32, sh.Len())
			for j, v := range im.Clean[i] {
				row[i][j] = min(1, max(0, v+float32(at.ThreatDistance)*float32(1-2*g.IntN(2))))
			}
		}
		im.Adversarial = append(im.Adversarial, row)
	}
	return im
}

// solid is a list of checks in which C35 passes.
func solid(all []checks.Result) []checks.Result {
	return append(all, checks.Result{ID: "C35", Title: "The attacks are enough for a claim", Status: checks.Pass, Value: "all four kinds", Threshold: "PGD of 100 steps, restarts, a gradient-free and a hard-label attack", Source: "Carlini et al. 2019"})
}

func written(runs ...Record) *Report {
	r := New("v0.4.0", time.Date(2026, 3, 6, 9, 30, 0, 0, time.UTC))
	for i, rec := range runs {
		r.Add(fmt.Sprintf("runs/%d", i), rec, drawn(&rec, 3))
	}
	return r
}
