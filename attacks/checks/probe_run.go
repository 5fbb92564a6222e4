package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	_ "unwarp/attacks/library" // the attacks of the probe run
)

// runAttacks makes the probe run: all attacks that the chosen checks want, each
// on every image of the sample whatever the others found.
func (c *checkContext) runAttacks(chosen []Check) error {
	c.of = len(chosen)
	if c.sample.Len() == 0 {
		return nil
	}
	list := c.wantedAttacks(chosen)
	if len(list) == 0 {
		return nil
	}
	e, err := engine.NewEngine(c.Reference, c.Gradient, engine.Options{
		Attacks: list, Eps: []float32{c.Eps}, Batch: c.Batch, Exhaustive: true, Keep: c.sample.Len(), LossCurves: c.sample.Len(),
	})
	if err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	work := len(list) * c.sample.Len()
	c.of += work
	c.probeRun, err = e.Run(c.ctx, c.sample, nil, func(p engine.Progress) {
		c.done = p.Done
		c.report(p.Attack)
	})
	c.done = work
	if err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	return nil
}

// wantedAttacks are the attacks that checks want, each once; notRun gets those
// that cannot be run.
func (c *checkContext) wantedAttacks(chosen []Check) []attacks.Attack {
	var list []attacks.Attack
	seen := map[string]bool{}
	for _, k := range chosen {
		if k.attacks == nil || c.applies(k) != "" || k.needs&needsEvaluation != 0 && c.Evaluation == nil {
			continue
		}
		for _, text := range k.attacks(c) {
			if seen[text] {
				continue
			}
			seen[text] = true
			if a, err := c.parseAttack(text); err != nil {
				c.notRun[text] = err.Error()
			} else {
				list = append(list, a)
			}
		}
	}
	return list
}

// parseAttack reads an attack and refuses one that this model or graph cannot
// take.
func (c *checkContext) parseAttack(text string) (attacks.Attack, error) {
	a, err := attacks.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := attacks.CheckThreat(a, c.threat); err != nil {
		return nil, fmt.Errorf("%s is not defined for %s: %w", attacks.About(a).Name, c.threat, err)
	}
	if err := attacks.CheckClasses(a, c.victim.Classes); err != nil {
		return nil, err
	}
	if c.victim.ClassAlone && !c.victim.OffersAll(a) {
		return nil, fmt.Errorf("%s reads scores, and the model gives the number of a class alone", attacks.About(a).Name)
	}
	for _, l := range a.Losses(c.victim) {
		if !c.Gradient.Graph.HasGradient(l, a.Settings().Gradient) {
			return nil, fmt.Errorf("the loss %s was not declared in the graph", l)
		}
	}
	return a, nil
}

// findAttack is the place of an attack in the probe run; -1 and the reason if
// it was not run.
func (c *checkContext) findAttack(text string) (place int, reason string) {
	if why, ok := c.notRun[text]; ok {
		return -1, text + " was not run: " + why
	}
	if a, err := attacks.Parse(text); err == nil && c.probeRun != nil {
		name := attacks.Text(a)
		if s := slices.IndexFunc(c.probeRun.Attacks, func(s attacks.AttackResult) bool { return s.Attack == name }); s >= 0 {
			return s, ""
		}
	}
	return -1, text + " was not run"
}

// misclassifiedUnder tells for each image of the sample whether it is
// misclassified under an attack, at the largest of the attack's radii; nil and
// the reason if the attack was not run.
func (c *checkContext) misclassifiedUnder(text string) (flags []bool, reason string) {
	s, reason := c.findAttack(text)
	if s < 0 {
		return nil, reason
	}
	radii := c.probeRun.Attacks[s].Radii
	flags = make([]bool, c.probeRun.Images)
	for i := range flags {
		flags[i] = c.probeRun.Misclassified(s, i, radii[len(radii)-1])
	}
	return flags, ""
}

// misclassifiedUnderEach is misclassifiedUnder for several attacks; nil and the
// first reason unless all were run.
func (c *checkContext) misclassifiedUnderEach(texts ...string) (flags [][]bool, reason string) {
	for _, text := range texts {
		f, reason := c.misclassifiedUnder(text)
		if f == nil {
			return nil, reason
		}
		flags = append(flags, f)
	}
	return flags, ""
}

// gain compares two attacks of the probe run by the images on which only one of
// them succeeded.
type gain struct{ onlyA, onlyB, n int }

func gainOf(a, b []bool) gain {
	g := gain{n: len(a)}
	for i := range a {
		switch {
		case a[i] && !b[i]:
			g.onlyA++
		case b[i] && !a[i]:
			g.onlyB++
		}
	}
	return g
}

// judge judges a gain that should be at most the share limit; comparisons is how
// many the check makes.
func (g gain) judge(limit float64, comparisons int) Status {
	return judgeGain(g.onlyA, g.onlyB, g.n, limit, comparisons)
}

// String gives what the test of a gain is made of.
func (g gain) String() string {
	return fmt.Sprintf("alone on %d against %d of %d, p = %.2g", g.onlyA, g.onlyB, g.n, binomialTail(g.onlyA, g.onlyA+g.onlyB, .5))
}

// placesOnlyIn are the places in the data of the sample's images with a flag in
// a and none in b.
func (c *checkContext) placesOnlyIn(a, b []bool) []int {
	var places []int
	for i := range a {
		if a[i] && !b[i] {
			places = append(places, c.sample.Index[i])
		}
	}
	return places
}
