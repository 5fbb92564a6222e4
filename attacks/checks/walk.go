package checks

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

// Checks that take the steps of an attack themselves.

func trajectory(x *exam) []string {
	p := x.walked()
	return []string{p.text()}
}

// walked is the plan as steps of one size from the image, which the checks can
// repeat.
func (x *exam) walked() plan {
	p := x.plan()
	if p.alpha == 0 {
		p.alpha = x.Eps / 10
	}
	return plan{name: "pgd", loss: p.loss, steps: min(p.steps, 100), alpha: p.alpha, restarts: 1, eot: 1, clean: true}
}

// silent is C17. It walks each image without stopping at a success, and wants
// the engine to have counted all that erred at any point, the last or another.
func silent(x *exam) (verdict, error) {
	p := x.walked()
	counted, why := x.broken(p.text())
	if counted == nil {
		return skip(why)
	}
	if x.random() {
		return skip(noisyWhy)
	}
	ever, last, err := x.walk(p)
	if err != nil {
		return verdict{}, err
	}
	return lost(x.set.Index, ever, last, counted), nil
}

// lost compares what erred on the way with what was counted. Rounding differs
// from batch to batch, and can decide one image of many.
func lost(index []int, ever, last, counted []bool) verdict {
	v := verdict{status: Pass}
	quiet := 0
	for i := range ever {
		if ever[i] && !last[i] {
			quiet++
		}
		if ever[i] && !counted[i] {
			v.images = append(v.images, index[i])
		}
	}
	v.value = fmt.Sprintf("%d of %d err on the way, %d of them no longer at the end; %d are not counted", count(ever), len(ever), quiet, len(v.images))
	switch {
	case len(v.images) == 1 && len(ever) >= 50:
		v.status = Warn
	case len(v.images) > 0:
		v.status = Fail
	}
	if v.status != Pass {
		v.advice = "an attack must keep what it has found: count a success at any iterate"
	}
	return v
}

// walk takes the steps of p from each image, and tells which erred at any
// iterate, and which at the last.
func (x *exam) walk(p plan) (ever, last []bool, err error) {
	n := x.set.Len()
	ever, last = make([]bool, n), make([]bool, n)
	at := make([][]float32, n)
	for i := range at {
		at[i] = slices.Clone(x.image(i))
	}
	for step := 0; ; step++ {
		if err := x.ctx.Err(); err != nil {
			return nil, nil, err
		}
		z, err := x.judge.Logits(at...)
		if err != nil {
			return nil, nil, err
		}
		for i := range at {
			last[i] = errs(z[i], int(x.set.Labels[i]))
			ever[i] = ever[i] || last[i]
		}
		if step == p.steps {
			return ever, last, nil
		}
		slopes, err := x.slopes(x.guide, p.loss, at)
		if err != nil {
			return nil, nil, err
		}
		for i, s := range slopes {
			x.climb(at[i], x.image(i), s.Gradient, p.alpha)
		}
	}
}

// errs tells errors that lead by more than the rounding that the engine allows for.
func errs(z []float32, label int) bool { return lead(z, label) > 1e-4*largest(z) }

// climb moves y along g, which it overwrites, and back into ball and box.
func (x *exam) climb(y, origin, g []float32, alpha float32) {
	x.threat.Steepest(g, g)
	for k := range y {
		y[k] += alpha * g[k]
	}
	x.threat.Project(y, origin, x.Eps)
}

// guaranteed is C24, after Zimmermann et al. 2022: for each image a readout of
// the model's answers is made that says no at the image and at random points
// around it, and yes at a point within eps that is known. Following the
// model's gradient must find a yes too. The readout is linear in the logits.
func guaranteed(x *exam) (verdict, error) {
	if why, no := x.undeclared(attacks.Linear); no {
		return skip(why)
	}
	if x.random() {
		return skip(noisyWhy)
	}
	var rs []readout
	for i := range min(50, x.set.Len()) {
		if err := x.ctx.Err(); err != nil {
			return verdict{}, err
		}
		r, ok, err := x.readout(i)
		if err != nil {
			return verdict{}, err
		}
		if ok {
			rs = append(rs, r)
		}
	}
	hit, err := x.reach(rs)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{status: Pass}
	made, found := len(rs), count(hit)
	for n, h := range hit {
		if !h {
			v.images = append(v.images, x.set.Index[rs[n].image])
		}
	}
	if made == 0 {
		return skip("the model's answers do not change within eps")
	}
	v.value = "found " + rate(found, made)
	if _, hi := Wilson(found, made); hi < .95 {
		v.status = Fail
	} else if share(found, made) < .95 {
		v.status = Warn
	}
	if v.status != Pass {
		v.advice = "examples exist that following the gradient does not find: it is masked, or eps is too small for the number of steps"
	}
	return v, nil
}

// readout says yes where weights·logits exceeds limit.
type readout struct {
	image   int // of the exam
	weights []float32
	limit   float64
}

func (r readout) of(z []float32) float64 {
	var s float64
	for k, w := range r.weights {
		s += float64(w) * float64(z[k])
	}
	return s - r.limit
}

// readout is made of 100 points inside the ball and 100 on its surface: along a
// random direction of the logits, halfway between the farthest of the former
// and the farthest of the latter. It is false where none lies farther.
func (x *exam) readout(i int) (readout, bool, error) {
	const points = 100
	r := readout{image: i, weights: make([]float32, x.v.Classes)}
	g, img := x.rand(i, 24), x.image(i)
	for k := range r.weights {
		r.weights[k] = float32(g.NormFloat64())
	}
	rows := [][]float32{img}
	u := make([]float32, len(img))
	for p := range 2 * points {
		for k := range u {
			u[k] = float32(g.NormFloat64())
		}
		x.threat.Steepest(u, u)
		reach := x.Eps
		if p < points {
			reach *= .5 * g.Float32()
		}
		y := make([]float32, len(img))
		for k, v := range img {
			y[k] = v + reach*u[k]
		}
		x.threat.Project(y, img, x.Eps)
		rows = append(rows, y)
	}
	z, err := x.judge.Logits(rows...)
	if err != nil {
		return r, false, err
	}
	inside, outside := math.Inf(-1), math.Inf(-1)
	for p := range z {
		if p <= points {
			inside = max(inside, r.of(z[p]))
		} else {
			outside = max(outside, r.of(z[p]))
		}
	}
	r.limit = (inside + outside) / 2
	// The gap must be more than rounding.
	return r, outside-inside > 1e-4*max(1e-3, largest(z[0])), nil
}

// reach climbs each readout from its image: 40 steps of Madry et al.'s size.
func (x *exam) reach(rs []readout) ([]bool, error) {
	const steps = 40
	hit, rows := make([]bool, len(rs)), make([]attacks.Question, len(rs))
	for n, r := range rs {
		rows[n] = attacks.Question{Image: slices.Clone(x.image(r.image)), Cotangent: r.weights}
	}
	for range steps + 1 {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		slopes, err := x.guide.Slopes(attacks.Linear, rows...)
		if err != nil {
			return nil, err
		}
		for n, s := range slopes {
			hit[n] = hit[n] || rs[n].of(s.Logits) > 0
			x.climb(rows[n].Image, x.image(rs[n].image), s.Gradient, 2.5*x.Eps/steps)
		}
	}
	return hit, nil
}
