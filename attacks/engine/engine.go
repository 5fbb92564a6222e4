package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
	"unwarp/attacks"
)

// Options say what to evaluate.
type Options struct {
	Attacks []attacks.Attack
	Eps     []float32 // for attacks without radii of their own
	Batch   int       // rows computed at once
	// Exhaustive runs every attack at every radius on every image. Otherwise
	// each attack runs only at radii where the image is still classified
	// correctly after the attacks before it, and a failure at a radius is taken
	// for one at all smaller radii.
	Exhaustive bool
	Passes     int                // forward and backward passes for the whole evaluation, 0 for no limit; attempts end within it
	Time       time.Duration      // for the whole evaluation, 0 for no limit
	Keep       int                // of the first Keep images, keep the smallest example of each attack
	LossCurves int                // of the first LossCurves images, record the loss at each iterate
	Sources    map[string]Session // other models, for transfer attacks
	// Shard attacks only some of the images; all others are classified without
	// attack and left open. What attacks find on an image is the same to the last
	// bit whichever shard it is in, see [Engine.Merge].
	Shard attacks.Shard
}

// Progress is how far an evaluation is.
type Progress struct {
	Done, Of      int    // attacks on single images
	Attack        string // the one whose result came last
	Misclassified int    // images misclassified so far at the largest radius
	Correct       int    // images classified correctly without attack
}

// Engine evaluates attacks on a victim. Gradients come from the gradient
// model; logits and verification from the reference model: the same weights, in
// float32.
type Engine struct {
	sessions []Session
	sources  map[string]int // name to session
	o        Options
	proven   []float32 // see [Engine.SkipProven]
}

// NewEngine checks that both models fit the options. Their graphs must have
// declared the attacks.
func NewEngine(reference, gradient Session, o Options) (*Engine, error) {
	if o.Batch < 1 {
		return nil, fmt.Errorf("attack.batch: want at least 1, got %d", o.Batch)
	}
	if len(o.Attacks) == 0 {
		return nil, fmt.Errorf("attack.attacks: want at least one of %v, got none", attacks.Names())
	}
	e := &Engine{sessions: []Session{reference, gradient}, sources: map[string]int{}, o: o}
	for _, name := range slices.Sorted(maps.Keys(o.Sources)) {
		e.sources[name] = len(e.sessions)
		e.sessions = append(e.sessions, o.Sources[name])
	}
	for _, a := range o.Attacks {
		if err := e.checkAttack(a); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// checkAttack refuses an attack that does not fit threat, victim or sources.
func (e *Engine) checkAttack(a attacks.Attack) error {
	threat, g := e.sessions[referenceSession].Graph.Threat, e.sessions[gradientSession].Graph
	fail := func(format string, args ...any) error {
		return fmt.Errorf("attack %q: %w", attacks.Text(a), fmt.Errorf(format, args...))
	}
	if own := a.Settings().Eps; len(own) > 0 {
		if err := threat.Admits(own); err != nil {
			return fail("%w", err)
		}
	} else if err := threat.Admits(e.o.Eps); err != nil {
		return fmt.Errorf("attack.%w", err)
	}
	if err := attacks.CheckThreat(a, threat); err != nil {
		return fail("%w", err)
	}
	if err := attacks.CheckClasses(a, g.Victim.Classes); err != nil {
		return fail("%w", err)
	}
	if t, ok := a.(attacks.Transferrer); ok { // its losses are those of its source
		if e.sources[t.SourceName()] > 0 {
			return nil
		}
		return fail("want one of the models to transfer from, %v, got %q: name the run in attack.sources (--source)", slices.Sorted(maps.Keys(e.o.Sources)), t.SourceName())
	}
	for _, l := range a.Losses(g.Victim) {
		if !g.HasGradient(l, a.Settings().Gradient) {
			return fail("its loss %s was not declared in the graph", l)
		}
	}
	return nil
}

// radii of attack a, ascending.
func (e *Engine) radii(a attacks.Attack) []float32 {
	r := []float32(a.Settings().Eps)
	if len(r) == 0 {
		r = e.o.Eps
	}
	r = slices.Clone(r)
	slices.Sort(r)
	return slices.Compact(r)
}

// newEvaluation is the evaluation before anything is known.
func (e *Engine) newEvaluation(images attacks.Images) *attacks.Evaluation {
	g := e.sessions[referenceSession].Graph
	ev := &attacks.Evaluation{
		Norm: g.Threat.Norm, Threat: g.Threat.Geometry, Lattice: g.Threat.Lattice, Exhaustive: e.o.Exhaustive, Images: images.Len(), Pixels: g.Victim.Size(),
		Labels: slices.Clone(images.Labels), Index: slices.Clone(images.Index), Clean: make([]int32, images.Len()), Proven: e.proven,
	}
	for _, a := range e.o.Attacks {
		r := e.newAttackResult(a, images.Len())
		ev.Attacks = append(ev.Attacks, r)
		ev.Radii = append(ev.Radii, r.Radii...)
	}
	slices.Sort(ev.Radii)
	ev.Radii = slices.Compact(ev.Radii)
	return ev
}

// newAttackResult is the result of a on n images before it has run.
func (e *Engine) newAttackResult(a attacks.Attack, n int) attacks.AttackResult {
	entry := attacks.About(a)
	r := attacks.AttackResult{
		Attack: attacks.Text(a), Name: entry.Name, Paper: entry.Paper, Family: entry.Family, Search: entry.Search,
		Norm: entry.OwnNorm, Losses: a.Losses(e.sessions[gradientSession].Graph.Victim), Params: attacks.Params(a), Radii: e.radii(a),
		Results: make([]attacks.ImageResult, n),
	}
	if r.Norm == "" {
		r.Norm = e.sessions[referenceSession].Graph.Threat.Norm
	}
	for i := range r.Results {
		r.Results[i].Distance, r.Results[i].ThreatDistance = attacks.NoDistance, attacks.NoDistance
	}
	return r
}

// Run evaluates images. What the journal holds already is not done again, though
// examples that it stores are verified; each new result is written to it; journal and progress may be nil. On cancellation
// Run returns ctx.Err(), and a later Run with the same journal goes on to the
// same result.
func (e *Engine) Run(ctx context.Context, images attacks.Images, journal *Journal, progress func(Progress)) (*attacks.Evaluation, error) {
	if err := images.Check(e.sessions[referenceSession].Graph.Victim); err != nil {
		return nil, err
	}
	if n := len(e.proven); n > 0 && n != images.Len() {
		return nil, fmt.Errorf("attacks: want a proven radius for each of %d images, got %d", images.Len(), n)
	}
	r := e.newScheduler(images, journal, progress)
	for _, runner := range r.runners {
		runner.ctx = ctx
	}
	if err := r.classifyClean(ctx); err != nil {
		return nil, err
	}
	if err := r.confirmJournal(ctx); err != nil {
		return nil, err
	}
	defer r.closePrepared()
	err := r.run(ctx)
	r.ev.Seconds += time.Since(r.budget.began).Seconds()
	r.ev.Stopped = r.budget.reason()
	return r.ev, err
}

// newScheduler is a scheduler of the evaluation before anything is known.
func (e *Engine) newScheduler(images attacks.Images, journal *Journal, progress func(Progress)) *scheduler {
	r := &scheduler{
		Engine: e, ev: e.newEvaluation(images), images: images, own: e.o.Shard.Images(images.Labels), journal: journal, progress: progress,
		budget: budget{passes: e.o.Passes, time: e.o.Time, began: time.Now()}, prepared: map[int]int{},
	}
	for _, s := range e.sessions {
		r.runners = append(r.runners, NewBatchRunner(s, e.o.Batch))
	}
	return r
}
