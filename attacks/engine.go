package attacks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Options say what to evaluate.
type Options struct {
	Attacks []Attack
	Eps     []float32 // for attacks without radii of their own
	Batch   int
}

// Outcome is what the referee counted for one attack at one eps.
type Outcome struct {
	Attack string  `json:"attack"`
	Loss   Loss    `json:"loss,omitempty"`
	Norm   Norm    `json:"norm"`
	Eps    float32 `json:"eps"`
	Steps  int     `json:"steps"`
	Alpha  float32 `json:"alpha"`

	Images     int `json:"images"`
	CleanRight int `json:"clean_right"` // classified right without attack
	Right      int `json:"right"`       // classified right under attack
	Broken     int `json:"broken"`      // right without, wrong under attack
	Changed    int `json:"changed"`     // classified differently
	Invalid    int `json:"invalid"`     // proposals outside ball or box: not counted as broken

	// Weak names the reason to distrust the attack, if the evaluation itself
	// shows one.
	Weak string `json:"weak,omitempty"`

	Classes     []int32   `json:"-"` // [N], the referee's verdict on each proposal
	Adversarial []float32 `json:"-"` // the proposals for the first images, as many as Run was told to keep
}

// Accuracy is the share of all images classified right under attack.
func (o Outcome) Accuracy() float64 { return share(o.Right, o.Images) }

// Error is 1 - Accuracy: what the paper's MNIST tables call success rate.
func (o Outcome) Error() float64 { return 1 - o.Accuracy() }

// Success is the share of the images right before that are wrong under attack.
func (o Outcome) Success() float64 { return share(o.Broken, o.CleanRight) }

// Change is the share of all images whose predicted class changed.
func (o Outcome) Change() float64 { return share(o.Changed, o.Images) }

func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// Report is the result of an evaluation.
type Report struct {
	Images     int       `json:"images"`
	CleanRight int       `json:"clean_right"`
	Outcomes   []Outcome `json:"outcomes"`
	// Forward and Backward count passes times images, the referee's included.
	Forward  int `json:"forward"`
	Backward int `json:"backward"`

	Clean []int32 `json:"-"` // [N], classes without attack
}

// Tick is told how many of all batch attacks are done.
type Tick func(done, of int)

// Engine evaluates attacks declared in an arena.
type Engine struct {
	arena *Arena
	o     Options
}

// NewEngine declares the gradient passes that the attacks of o need.
func NewEngine(a *Arena, o Options) (*Engine, error) {
	if o.Batch < 1 {
		return nil, fmt.Errorf("attack.batch: want at least 1, got %d", o.Batch)
	}
	if len(o.Attacks) == 0 {
		return nil, fmt.Errorf("attack.attacks: want at least one of %v, got none", Names)
	}
	for _, k := range o.Attacks {
		if k.Radii() == nil {
			if err := checkRadii(o.Eps); err != nil {
				return nil, fmt.Errorf("attack.%w", err)
			}
		}
		if l := k.Follows(); l != "" {
			if err := a.declare(l); err != nil {
				return nil, fmt.Errorf("attack %q: %w", k, err)
			}
		}
	}
	return &Engine{a, o}, nil
}

// Run attacks every image of set with every attack at every eps, and keeps in
// the report what was proposed for the first keep images. On cancellation it
// returns ctx.Err(). tick may be nil.
func (e *Engine) Run(ctx context.Context, net *graphs.Net, set Set, keep int, tick Tick) (Report, error) {
	if err := set.check(e.arena.Victim); err != nil {
		return Report{}, err
	}
	keep = min(max(keep, 0), set.Len())
	rep := e.blank(set, keep)
	n, px := set.Len(), e.arena.Victim.pixels()
	batches := (n + e.o.Batch - 1) / e.o.Batch
	done, of := 0, batches*len(e.o.Attacks)
	var r *runner
	for from := 0; from < n; from += e.o.Batch {
		batch := set.batch(from, min(n, from+e.o.Batch), px)
		if r == nil || r.size != batch.Len() {
			fresh, err := e.arena.newRunner(net, batch.Len())
			if err != nil {
				return rep, err
			}
			r = fresh
		}
		r.load(batch)
		clean, err := r.classify(r.images.Tensor)
		if err != nil {
			return rep, fmt.Errorf("attacks: clean images %d to %d: %w", from, from+batch.Len()-1, err)
		}
		copy(rep.Clean[from:], clean)
		first := 0
		for _, a := range e.o.Attacks {
			if err := ctx.Err(); err != nil {
				return rep, err
			}
			eps := e.radii(a)
			outcomes := rep.Outcomes[first : first+len(eps)]
			err := inOrder(a, r, batch, eps, func(k int, images *tf.Tensor) error {
				return e.judge(r, batch, clean, &outcomes[k], from, images)
			})
			if err != nil {
				return rep, fmt.Errorf("attacks: %s, images %d to %d: %w", a, from, from+batch.Len()-1, err)
			}
			first += len(eps)
			if done++; tick != nil {
				tick(done, of)
			}
		}
		rep.Forward, rep.Backward = rep.Forward+r.forward, rep.Backward+r.backward
		r.forward, r.backward = 0, 0
	}
	for i, c := range rep.Clean {
		if c == set.Labels[i] {
			rep.CleanRight++
		}
	}
	for i := range rep.Outcomes {
		rep.Outcomes[i].CleanRight = rep.CleanRight
	}
	doubt(rep.Outcomes)
	return rep, nil
}

// inOrder runs a and hands each of its proposals to judge, after checking that
// there is one for each eps, in their order.
func inOrder(a Attack, r *runner, batch Set, eps []float32, judge func(k int, images *tf.Tensor) error) error {
	next := 0
	err := a.run(r, batch, eps, func(k int, images *tf.Tensor) error {
		if k != next || k >= len(eps) {
			return fmt.Errorf("want one proposal for each of %d eps in order, got one for number %d after %d", len(eps), k, next)
		}
		next++
		return judge(k, images)
	})
	if err == nil && next < len(eps) {
		err = fmt.Errorf("want one proposal for each of %d eps, got %d", len(eps), next)
	}
	return err
}

func (e *Engine) radii(a Attack) []float32 {
	if r := a.Radii(); r != nil {
		return r
	}
	return e.o.Eps
}

// blank is the report before anything is counted.
func (e *Engine) blank(set Set, keep int) Report {
	n := set.Len()
	rep := Report{Images: n, Clean: make([]int32, n)}
	for _, a := range e.o.Attacks {
		for _, eps := range e.radii(a) {
			steps, alpha := a.Plan(eps)
			o := Outcome{Attack: a.String(), Loss: a.Follows(), Norm: e.arena.Threat.Norm, Eps: eps, Steps: steps, Alpha: alpha, Images: n, Classes: make([]int32, n)}
			if keep > 0 {
				o.Adversarial = make([]float32, keep*e.arena.Victim.pixels())
			}
			rep.Outcomes = append(rep.Outcomes, o)
		}
	}
	return rep
}

// judge is the referee: it classifies the proposed images afresh and measures
// them. A proposal outside ball or box counts as the clean image.
func (e *Engine) judge(r *runner, batch Set, clean []int32, o *Outcome, from int, images *tf.Tensor) error {
	classes, err := r.classify(images)
	if err != nil {
		return err
	}
	px := r.Victim.pixels()
	x := graphs.Floats(nil, images)
	if len(x) != len(batch.Pixels) || len(classes) != batch.Len() {
		return errors.New("want one proposal per image")
	}
	for i, label := range batch.Labels {
		class := classes[i]
		origin := batch.Pixels[i*px : (i+1)*px]
		if excess := r.Threat.Excess(x[i*px:(i+1)*px], origin, o.Eps); excess > slack(r.Threat.Norm, px) {
			o.Invalid++
			class = clean[i]
			copy(x[i*px:(i+1)*px], origin)
		}
		o.Classes[from+i] = class
		if class == label {
			o.Right++
		}
		if class != label && clean[i] == label {
			o.Broken++
		}
		if class != clean[i] {
			o.Changed++
		}
	}
	if kept := o.Adversarial; from*px < len(kept) {
		copy(kept[from*px:], x)
	}
	return nil
}

// slack is what float32 rounding may add to eps. Values next to 1 are rounded
// to multiples of 2^-24, and where all n of an image are rounded alike, their
// L2 norm is off by sqrt(n) times as much.
func slack(norm Norm, n int) float64 {
	if norm == L2 {
		return 1e-6 + 0x1p-24*math.Sqrt(float64(n))
	}
	return 1e-6
}

// doubt marks gradient attacks that break fewer images than random signs of
// the same size: their gradient does not point to the classifier's weakness.
func doubt(all []Outcome) {
	random := map[float32]int{}
	for _, o := range all {
		if o.Loss == "" {
			random[o.Eps] = max(random[o.Eps], o.Broken)
		}
	}
	for i, o := range all {
		if n, ok := random[o.Eps]; ok && o.Loss != "" && o.Broken < n {
			all[i].Weak = fmt.Sprintf("breaks %d images, random signs break %d: its gradient does not follow the classifier", o.Broken, n)
		}
	}
}

// Worst is the number of images that stay right under every attack at eps: the
// per-image worst case.
func (r Report) Worst(labels []int32, eps float32) int {
	right := 0
	for i, l := range labels {
		stands := r.Clean[i] == l
		for _, o := range r.Outcomes {
			if o.Eps == eps && o.Classes[i] != l {
				stands = false
			}
		}
		if stands {
			right++
		}
	}
	return right
}

// Radii are the eps of the report, ascending.
func (r Report) Radii() []float32 {
	var out []float32
	for _, o := range r.Outcomes {
		if !slices.Contains(out, o.Eps) {
			out = append(out, o.Eps)
		}
	}
	slices.Sort(out)
	return out
}
