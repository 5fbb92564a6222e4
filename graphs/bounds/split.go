package bounds

import (
	"math"
	"slices"
)

// split divides a domain in two: where the input of a ReLU, sigmoid or tanh lies
// above or below a point, or where a value of a window is the largest of a max
// pooling or is not.
type split struct {
	at     int     // the activation
	neuron int     // of its input; of a max pooling the output
	place  int     // of the value in the window of a max pooling
	open   []int   // the places of the values that may be the largest
	point  float32 // of an input; 0 for ReLUs
	score  float32
}

// side is a split and the half that was taken.
type side struct {
	split
	above bool // or: the value is the largest
}

// constraint is x_up - x_down >= offset, of inputs of one activation, with its
// multiplier; -1 stands for no input (β-CROWN, Wang et al. 2021, eq. 8; here for
// any linear constraint, as in GCP-CROWN, Zhang et al. 2022, arXiv 2208.05740).
type constraint struct {
	at, up, down int
	offset, beta float32
	best         float32 // multiplier of the best bound
	mean, square float32 // of Adam
}

// slope is the gradient of the bound with respect to the multiplier, given that
// with respect to what is added to the inputs' rows.
func (c *constraint) slope(gradient []float32) float32 {
	g := c.offset
	if c.up >= 0 {
		g -= gradient[c.up]
	}
	if c.down >= 0 {
		g += gradient[c.down]
	}
	return g
}

// addTo adds the constraint, times its multiplier, to what is added to the inputs, by
// activation and input. The sums are rounded to float32 once, afterwards.
func (c *constraint) addTo(sums map[[2]int]float64) {
	if c.up >= 0 {
		sums[[2]int{c.at, c.up}] -= float64(c.beta)
	}
	if c.down >= 0 {
		sums[[2]int{c.at, c.down}] += float64(c.beta)
	}
}

// with is d with one more side.
func (d *domain) with(n *Network, x split, above bool) *domain {
	c := &domain{s: d.s, target: d.target, bound: d.bound, sides: append(slices.Clone(d.sides), side{x, above}), constraints: slices.Clone(d.constraints)}
	o, isPool := n.activations[x.at].op.(maxpool)
	switch {
	case !isPool && above:
		c.constraints = append(c.constraints, constraint{at: x.at, up: x.neuron, down: -1, offset: x.point})
	case !isPool:
		c.constraints = append(c.constraints, constraint{at: x.at, up: -1, down: x.neuron, offset: -x.point})
	default:
		window := o.inputs(x.neuron)
		if open := c.candidates(x.at, x.neuron, window); len(open) == 1 {
			for place, j := range window {
				if j >= 0 && place != open[0] {
					c.constraints = append(c.constraints, constraint{at: x.at, up: window[open[0]], down: j})
				}
			}
		}
	}
	return c
}

// candidates are the places of a window that may hold the largest value.
func (d *domain) candidates(at, output int, window []int) []int {
	for _, x := range slices.Backward(d.sides) {
		switch {
		case x.at != at || x.neuron != output:
		case x.above:
			return []int{x.place}
		default:
			return slices.DeleteFunc(slices.Clone(x.open), func(place int) bool { return place == x.place })
		}
	}
	var open []int
	for place, j := range window {
		if j >= 0 {
			open = append(open, place)
		}
	}
	return open
}

// inputs are the numbers of the inputs in the window of an output, -1 for
// padding.
func (o maxpool) inputs(output int) []int {
	e, c := o.edges(), int(o.in[2])
	channel, column, row := int64(output%c), int64(output/c)%o.out[1], int64(output/c)/o.out[1]
	var all []int
	for i := range o.rows {
		for j := range o.cols {
			y, x := row*o.strides[1]-e[0][0]+i, column*o.strides[2]-e[1][0]+j
			at := -1
			if y >= 0 && y < o.in[0] && x >= 0 && x < o.in[1] {
				at = int((y*o.in[1]+x)*o.in[2] + channel)
			}
			all = append(all, at)
		}
	}
	return all
}

// restrict cuts the known bounds of s by a side.
func (x side) restrict(n *Network, d *domain, s *subject) {
	lower, upper := s.lower[x.at], s.upper[x.at]
	o, isPool := n.activations[x.at].op.(maxpool)
	switch {
	case !isPool && x.above:
		lower[x.neuron] = max(lower[x.neuron], x.point)
	case !isPool:
		upper[x.neuron] = min(upper[x.neuron], x.point)
	default:
		window := o.inputs(x.neuron)
		open := d.candidates(x.at, x.neuron, window)
		l, u := float32(math.Inf(-1)), float32(math.Inf(-1)) // of the largest value
		for place, j := range window {
			if j >= 0 {
				l = max(l, lower[j])
				if slices.Contains(open, place) {
					u = max(u, upper[j])
				}
			}
		}
		for _, j := range window {
			if j >= 0 {
				upper[j] = min(upper[j], u)
			}
		}
		if len(open) == 1 {
			j := window[open[0]]
			lower[j] = max(lower[j], l)
		}
	}
}

// closeCandidates writes 0 into mask, [outputs,places,C] of 1, where a value is
// known not to be the largest of its window.
func (d *domain) closeCandidates(o maxpool, at int, mask []float32) {
	places, c := int(o.places()), int(o.in[2])
	for _, x := range d.sides {
		if x.at != at {
			continue
		}
		open := d.candidates(at, x.neuron, o.inputs(x.neuron))
		for place := range places {
			if !slices.Contains(open, place) {
				mask[(x.neuron/c*places+place)*c+x.neuron%c] = 0
			}
		}
	}
}
