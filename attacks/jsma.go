package attacks

import (
	"errors"
	"slices"
)

var _ = register(Entry{
	Name: "jsma", Paper: "Papernot, McDaniel, Jha, Fredrikson, Celik and Swami 2016", Family: WhiteBox, Schedule: Whole, Own: L0,
	New: func() Attack { return new(JSMA) },
})

// JSMA is the Jacobian-based saliency map attack of Papernot et al. 2016
// (algorithms 2 and 3): it changes, two at a time, the values that move the
// logits most towards a target, and leaves the search when they meet the box
// or Gamma of all values have changed. Without a target it goes to each other
// class in turn, the likeliest first, with no more changes than the best so
// far. Logits are used, as by the authors.
type JSMA struct {
	Common
	Theta float32 `key:"theta" in:"[-1,1]" default:"1" help:"change of a value, positive or negative"`
	Gamma float32 `key:"gamma" in:"[0,1]" default:"0.145" help:"share of the values that may change"`
}

func (a *JSMA) Validate() error {
	if a.Theta == 0 {
		return errors.New("theta: want a change that is not 0")
	}
	return nil
}

// Needs is the gradient of the target's logit, and of the sum of all others.
func (a *JSMA) Needs(Victim) []Loss { return []Loss{Linear} }

// Attack goes to the target, or to each class.
func (a *JSMA) Attack(c *Case) {
	m := &saliency{}
	if c.Target >= 0 {
		a.reach(c, m, c.Target)
		return
	}
	for _, target := range c.rivals() {
		a.reach(c, m, target)
	}
}

// reach changes pairs until target is the class, or another that counts.
func (a *JSMA) reach(c *Case, m *saliency, target int) {
	most := float64(a.Gamma) * float64(len(c.Image))
	up, down := make([]float32, c.Classes), make([]float32, c.Classes)
	for k := range down {
		down[k] = 1
	}
	up[target], down[target] = 1, 0
	x := clone(c.Image)
	for changed := 0.; changed+2 <= min(most, c.Bound-1); changed = c.Distance(x) {
		s := c.Slopes(Linear, Question{Image: x, Cotangent: up}, Question{Image: x, Cotangent: down})
		c.Trace(s[0].Loss)
		if c.clear(s[0].Logits) && c.Claim(x) {
			return
		}
		p, q, ok := m.pair(s[0].Gradient, s[1].Gradient, a.Theta, func(i int) bool { return a.moves(c.Threat, x[i]) })
		if !ok {
			return
		}
		for _, i := range [2]int{p, q} {
			x[i] = min(max(x[i]+a.Theta, c.Threat.Lo), c.Threat.Hi)
		}
	}
	if c.clear(c.Logits(x)[0]) && c.Distance(x) < c.Bound {
		c.Claim(x)
	}
}

// moves tells whether a value has room to change.
func (a *JSMA) moves(t Threat, v float32) bool {
	if a.Theta > 0 {
		return v < t.Hi
	}
	return v > t.Lo
}

// saliency finds the pair of values (p,q) with the largest product of
// alpha = up[p]+up[q] and beta = -(down[p]+down[q]), both positive (algorithm 3).
//
// A value with two others that are at least as large in both up and -down need
// not be looked at: in any pair one of the two can replace it. What is left is a
// few values of thousands, so that neither time nor memory is that of a matrix.
type saliency struct{ order, front []int }

func (m *saliency) pair(up, down []float32, theta float32, moves func(int) bool) (p, q int, ok bool) {
	s := sign(theta)
	m.order = m.order[:0]
	for i := range up {
		if moves(i) {
			m.order = append(m.order, i)
		}
	}
	slices.SortFunc(m.order, func(i, j int) int {
		switch {
		case s*up[i] > s*up[j]:
			return -1
		case s*up[i] < s*up[j]:
			return 1
		}
		return i - j
	})
	// In this order a value's betters come before it: it takes the two largest
	// -down so far to tell.
	m.front = m.front[:0]
	first, second := 0, 0
	for _, i := range m.order {
		switch v := -s * down[i]; {
		case len(m.front) == 0:
			first = i
		case v > -s*down[first]:
			first, second = i, first
		case len(m.front) == 1 || v > -s*down[second]:
			second = i
		default:
			continue
		}
		m.front = append(m.front, i)
	}
	var best float64
	for k, i := range m.front {
		for _, j := range m.front[:k] {
			alpha, beta := float64(s)*(float64(up[i])+float64(up[j])), -float64(s)*(float64(down[i])+float64(down[j]))
			if alpha > 0 && beta > 0 && alpha*beta > best {
				best, p, q, ok = alpha*beta, min(i, j), max(i, j), true
			}
		}
	}
	return p, q, ok
}
