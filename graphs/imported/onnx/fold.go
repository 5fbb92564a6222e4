package onnx

import (
	"slices"
)

// operator is how nodes of an operator are converted. fold computes one whose
// inputs are known at import; write adds it to the graph. One of them may be nil.
type operator struct {
	fold  func(n *node, in []*tensor) []*tensor
	write func(n *node) []*value
}

// fold computes the node at import, for both trials where an input differs
// between them. Nil means that its shape would grow with the number of images.
func (n *node) fold(o operator) []*value {
	one, two, differ := make([]*tensor, len(n.in)), make([]*tensor, len(n.in)), false
	for i, v := range n.in {
		if v == nil {
			continue
		}
		one[i], two[i] = v.known, v.known
		if v.known.other != nil {
			two[i], differ = v.known.other, true
		}
	}
	out := o.fold(n, one)
	if out == nil {
		return nil
	}
	if differ {
		for i, t := range o.fold(n, two) {
			if !slices.Equal(t.shape, out[i].shape) {
				return nil
			}
			if !slices.Equal(t.values(), out[i].values()) {
				shared := *out[i]
				shared.other = t
				out[i] = &shared
			}
		}
	}
	values := make([]*value, len(out))
	for i, t := range out {
		if values[i] = known(t); t.data != nil && t.origin == "" {
			n.w.computed += int64(len(t.data))
		}
	}
	if n.w.computed > 2*maxKnown {
		fail("want at most %d values computed at import", 2*maxKnown)
	}
	return values
}

// known is a value that is known at import.
func known(t *tensor) *value { return &value{known: t, shape: t.shape, batch: still} }

// between is what a tensor says for both trials: the same list, or one with an
// entry that grows with the number of images.
func (n *node) between(t *tensor, resolve func(trial int64, values []int64) []int64) ([]int64, growth) {
	if n.w.net.fixedBatch != 0 {
		return resolve(n.w.net.fixedBatch, t.integers()), still
	}
	other := t
	if t.other != nil {
		other = t.other
	}
	one, two := resolve(trials[0], t.integers()), resolve(trials[1], other.integers())
	if len(one) != len(two) {
		fail("want a rank that does not depend on the number of images")
	}
	batch := still
	for i := range one {
		if one[i] == two[i] {
			continue
		}
		times := one[i] / trials[0]
		if batch.axis != none || times < 1 || times*trials[0] != one[i] || times*trials[1] != two[i] {
			fail("want one size that is a multiple of the number of images, got %v for %d images", one, trials[0])
		}
		batch = growth{axis: i, times: times, slow: 1}
		one[i] = -1
	}
	return one, batch
}
