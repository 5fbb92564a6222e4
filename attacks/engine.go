package attacks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Options say what to evaluate.
type Options struct {
	Attacks []Attack
	Eps     []float32 // for attacks without radii of their own
	Batch   int       // rows computed at once
	// Exhaustive runs every attack at every radius on every image. Otherwise an
	// attack sees only the radii at which the image still stands after the
	// attacks before it, and a failure at a radius is taken for one at all
	// smaller radii.
	Exhaustive bool
	Passes     int              // forward and backward passes for the whole evaluation, 0 for no limit
	Time       time.Duration    // for the whole evaluation, 0 for no limit
	Keep       int              // of the first Keep images, keep the smallest example of each attack
	Traces     int              // of the first Traces images, record the loss at each iterate
	Sources    map[string]Stage // other models, for attacks by transfer
}

// Progress is where an evaluation stands.
type Progress struct {
	Done, Of int    // attacks on single images
	Attack   string // the one whose attempt ended last
	Broken   int    // images broken so far at the largest radius
	Right    int    // images classified right without attack
}

// Engine evaluates attacks on a victim. Gradients come from the guide, plain
// passes and verdicts from the judge: the same model, in float32.
type Engine struct {
	stages  []Stage
	sources map[string]int
	o       Options
}

// NewEngine checks that guide and judge fit the options. The arenas must have
// declared the attacks.
func NewEngine(judge, guide Stage, o Options) (*Engine, error) {
	if o.Batch < 1 {
		return nil, fmt.Errorf("attack.batch: want at least 1, got %d", o.Batch)
	}
	if len(o.Attacks) == 0 {
		return nil, fmt.Errorf("attack.attacks: want at least one of %v, got none", Names())
	}
	e := &Engine{stages: []Stage{judge, guide}, sources: map[string]int{}, o: o}
	for name, s := range o.Sources {
		e.sources[name] = len(e.stages)
		e.stages = append(e.stages, s)
	}
	for _, k := range o.Attacks {
		if own := k.common().Eps; len(own) > 0 {
			if err := judge.Arena.Threat.Admits(own); err != nil {
				return nil, fmt.Errorf("attack %q: %w", Text(k), err)
			}
		} else if err := judge.Arena.Threat.Admits(o.Eps); err != nil {
			return nil, fmt.Errorf("attack.%w", err)
		}
		about := About(k)
		if about.Norms != nil && !slices.Contains(about.Norms, judge.Arena.Threat.Norm) {
			return nil, fmt.Errorf("attack %q: want a threat in one of %v, got %s: leave it out, or change attack.norm", Text(k), about.Norms, judge.Arena.Threat.Norm)
		}
		if f, ok := k.(Fitter); ok {
			if err := f.Fits(guide.Arena.Victim.Classes); err != nil {
				return nil, fmt.Errorf("attack %q: %w", Text(k), err)
			}
		}
		if t, ok := k.(Sourced); ok && e.sources[t.Source()] == 0 {
			return nil, fmt.Errorf("attack %q: want one of the models to transfer from, %v, got %q: name the run in attack.sources (--source)", Text(k), slices.Sorted(maps.Keys(o.Sources)), t.Source())
		}
		for _, l := range k.Needs(guide.Arena.Victim) {
			if !guide.Arena.Has(l) {
				return nil, fmt.Errorf("attack %q: its loss %s was not declared in the graph", Text(k), l)
			}
		}
	}
	return e, nil
}

// Fitter is an attack that is not defined for every number of classes.
type Fitter interface{ Fits(classes int) error }

// radii of attack k, ascending.
func (e *Engine) radii(k Attack) []float32 {
	r := k.common().Eps
	if len(r) == 0 {
		r = e.o.Eps
	}
	r = slices.Clone(r)
	slices.Sort(r)
	return slices.Compact(r)
}

// blank is the evaluation before anything is known.
func (e *Engine) blank(set Set) *Evaluation {
	t := e.stages[0].Arena.Threat
	ev := &Evaluation{
		Norm: t.Norm, Exhaustive: e.o.Exhaustive, Images: set.Len(), Pixels: e.stages[0].Arena.Victim.pixels(),
		Labels: slices.Clone(set.Labels), Index: slices.Clone(set.Index), Clean: make([]int32, set.Len()),
	}
	for _, k := range e.o.Attacks {
		about := About(k)
		s := Series{
			Attack: Text(k), Name: about.Name, Paper: about.Paper, Family: about.Family, Schedule: about.Schedule,
			Norm: about.Own, Losses: k.Needs(e.stages[1].Arena.Victim), Params: Params(k), Radii: e.radii(k),
			Attempts: make([]Attempt, set.Len()),
		}
		if s.Norm == "" {
			s.Norm = t.Norm
		}
		for i := range s.Attempts {
			s.Attempts[i].Distance, s.Attempts[i].Reach = none, none
		}
		ev.Series = append(ev.Series, s)
		ev.Radii = append(ev.Radii, s.Radii...)
	}
	slices.Sort(ev.Radii)
	ev.Radii = slices.Compact(ev.Radii)
	return ev
}

// Run evaluates set. What the journal holds already is not done again, what
// ends is written to it; journal and tell may be nil. On cancellation Run
// returns ctx.Err(), and a later Run with the same journal goes on to the same
// result.
func (e *Engine) Run(ctx context.Context, set Set, journal *Journal, tell func(Progress)) (*Evaluation, error) {
	if err := set.check(e.stages[0].Arena.Victim); err != nil {
		return nil, err
	}
	ev := e.blank(set)
	r := &schedule{Engine: e, ev: ev, set: set, journal: journal, tell: tell, began: time.Now()}
	for _, s := range e.stages {
		r.players = append(r.players, newPlayer(s, e.o.Batch))
	}
	if err := r.clean(ctx); err != nil {
		return nil, err
	}
	defer r.release()
	for a, k := range e.o.Attacks {
		if p, ok := k.(Preparer); ok {
			if err := r.prepare(ctx, a, p); err != nil {
				return nil, fmt.Errorf("attack %q: %w", Text(k), err)
			}
		}
	}
	err := r.run(ctx)
	ev.Seconds += time.Since(r.began).Seconds()
	if errors.Is(err, errSpent) {
		ev.Stopped, err = err.Error(), nil
	}
	return ev, err
}

// release closes the nets that attacks have prepared.
func (r *schedule) release() {
	for _, stage := range r.prepared {
		r.players[stage].Net.Close()
	}
}

// Preparer is an attack that needs work before it sees its first image, such
// as training a substitute. What it returns becomes the source of its cases,
// and its net is closed when the evaluation ends.
type Preparer interface {
	Prepare(ctx context.Context, judge Stage, set Set) (Stage, error)
}

func (r *schedule) prepare(ctx context.Context, a int, p Preparer) error {
	s, err := p.Prepare(ctx, r.stages[0], r.set)
	if err != nil {
		return err
	}
	if r.prepared == nil {
		r.prepared = map[int]int{}
	}
	r.prepared[a] = len(r.players)
	r.players = append(r.players, newPlayer(s, r.o.Batch))
	return nil
}
