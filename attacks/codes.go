package attacks

import "fmt"

var _ = register(Entry{
	Name: "codes", Paper: "Sabour et al. 2016; Carlini et al. 2019, on adaptive attacks", Family: Adaptive,
	New: func() Attack { return new(InCodes) },
})

// InCodes attacks in the space of the codes instead of the logits: it moves the
// code of the image away from where it was, or towards that of an image of
// another class (Sabour et al. 2016, eq. 1), by projected gradient steps of the
// squared distance. Defences that hide the gradient of the logits do not hide
// this one.
type InCodes struct {
	Common
	Code     Loss    `key:"code" default:"embedding" oneof:"embedding appearance geometry" help:"which code is moved"`
	Towards  string  `key:"towards" default:"class" oneof:"away class" help:"away from the clean code, or to another class's"`
	Guides   int     `key:"guides" in:"[1,1000]" default:"3" help:"images of other classes tried one after another"`
	Steps    int     `key:"steps" in:"[1,1e6]" default:"40" help:"for each guide"`
	Alpha    float32 `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: 2.5 eps/steps"`
	Restarts int     `key:"restarts" in:"[1,1e4]" default:"1" help:"random starts, when it moves away"`
}

// Needs is the distance in the code.
func (a *InCodes) Needs(Victim) []Loss { return []Loss{a.Code} }

// Attack moves the code.
func (a *InCodes) Attack(c *Case) {
	alpha := a.Alpha
	if alpha == 0 {
		alpha = 2.5 * c.Eps / float32(a.Steps)
	}
	if a.Towards == "away" {
		from := c.Codes(a.Code, c.Image)[0]
		for range a.Restarts {
			// At the clean image the distance has no slope: start beside it.
			if a.follow(c, c.Start(c.Eps), from, alpha, 1) {
				return
			}
		}
		return
	}
	for _, class := range a.classes(c) {
		guide := c.Example(class)
		if guide == nil {
			continue
		}
		if a.follow(c, clone(c.Image), c.Codes(a.Code, guide)[0], alpha, -1) {
			return
		}
	}
}

// classes are the classes to move towards: the target, or the likeliest others.
func (a *InCodes) classes(c *Case) []int {
	if c.Target >= 0 {
		return []int{c.Target}
	}
	var out []int
	for _, k := range ranking(c.Clean) {
		if k != c.Label && len(out) < a.Guides {
			out = append(out, k)
		}
	}
	return out
}

// follow takes the steps, up the distance from reference or, with way -1, down.
func (a *InCodes) follow(c *Case, x, reference []float32, alpha, way float32) bool {
	for range a.Steps {
		s := c.Slopes(a.Code, Question{Image: x, Reference: reference})[0]
		c.Trace(way * s.Loss)
		if c.Success(s.Logits) && c.Claim(x) {
			return true
		}
		scale(s.Gradient, s.Gradient, way)
		c.Threat.Steepest(s.Gradient, s.Gradient)
		axpy(x, x, alpha, s.Gradient)
		c.Threat.Project(x, c.Image, c.Eps)
	}
	return c.Claim(x)
}

func (a *InCodes) Validate() error {
	if a.Towards == "away" && a.Target != "" {
		return fmt.Errorf("target: want none for an attack that moves away")
	}
	return nil
}
