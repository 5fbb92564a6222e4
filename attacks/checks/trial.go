package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
)

// run makes one small evaluation of all attacks that the chosen checks want,
// each on every image, whatever the others broke.
func (x *exam) run(chosen []check) error {
	x.of = len(chosen)
	if x.set.Len() == 0 {
		return nil
	}
	var todo []attacks.Attack
	seen := map[string]bool{}
	for _, c := range chosen {
		if c.wants == nil || c.needs&evaluation != 0 && x.ev == nil {
			continue
		}
		for _, text := range c.wants(x) {
			if seen[text] {
				continue
			}
			seen[text] = true
			a, err := x.admit(text)
			if err != nil {
				x.absent[text] = err.Error()
				continue
			}
			todo = append(todo, a)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	e, err := attacks.NewEngine(x.Judge, x.Guide, attacks.Options{
		Attacks: todo, Eps: []float32{x.Eps}, Batch: x.Batch, Exhaustive: true, Keep: x.set.Len(), Traces: x.set.Len(),
	})
	if err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	work := len(todo) * x.set.Len()
	x.of += work
	x.trial, err = e.Run(x.ctx, x.set, nil, func(p attacks.Progress) {
		x.done = p.Done
		x.say(p.Attack)
	})
	x.done = work
	if err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	return nil
}

// admit reads an attack and refuses one that this victim or arena cannot take.
func (x *exam) admit(text string) (attacks.Attack, error) {
	a, err := attacks.Parse(text)
	if err != nil {
		return nil, err
	}
	if about := attacks.About(a); about.Norms != nil && !slices.Contains(about.Norms, x.threat.Norm) {
		return nil, fmt.Errorf("%s is not defined in %s", about.Name, x.threat.Norm)
	}
	if f, ok := a.(attacks.Fitter); ok {
		if err := f.Fits(x.v.Classes); err != nil {
			return nil, err
		}
	}
	for _, l := range a.Needs(x.v) {
		if !x.Guide.Arena.Has(l) {
			return nil, fmt.Errorf("the loss %s was not declared in the graph", l)
		}
	}
	return a, nil
}

// ran is the place of an attack in the trial, or why it was not run.
func (x *exam) ran(text string) (int, string) {
	if why, ok := x.absent[text]; ok {
		return -1, text + " was not run: " + why
	}
	if a, err := attacks.Parse(text); err == nil && x.trial != nil {
		name := attacks.Text(a)
		if s := slices.IndexFunc(x.trial.Series, func(s attacks.Series) bool { return s.Attack == name }); s >= 0 {
			return s, ""
		}
	}
	return -1, text + " was not run"
}

// broken tells for each image of the trial whether an attack broke it at the
// largest of the attack's radii; "" and nil where it was not run.
func (x *exam) broken(text string) ([]bool, string) {
	s, why := x.ran(text)
	if s < 0 {
		return nil, why
	}
	radii := x.trial.Series[s].Radii
	out := make([]bool, x.trial.Images)
	for i := range out {
		out[i] = x.trial.Breaks(s, i, radii[len(radii)-1])
	}
	return out, ""
}

func count(b []bool) int {
	n := 0
	for _, v := range b {
		if v {
			n++
		}
	}
	return n
}

// only counts what a broke and b did not, and the other way round, and lists
// the places of the former.
func (x *exam) only(a, b []bool) (onlyA, onlyB int, images []int) {
	for i := range a {
		switch {
		case a[i] && !b[i]:
			onlyA++
			images = append(images, x.set.Index[i])
		case b[i] && !a[i]:
			onlyB++
		}
	}
	return onlyA, onlyB, images
}
