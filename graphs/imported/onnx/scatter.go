package onnx

import "slices"

// scatterFold is ScatterND of values that are known at import, as masks of attention
// are.
func scatterFold(n *node, in []*tensor) []*tensor {
	data, at, updates := in[0], in[1], in[2]
	if mode := n.text("reduction", "none"); mode != "none" {
		fail("attribute reduction: want none, got %.20q", mode)
	}
	rank := len(at.shape)
	if rank == 0 || at.shape[rank-1] > int64(len(data.shape)) {
		fail("want places of a value %v, got %v", data.shape, at.shape)
	}
	depth := int(at.shape[rank-1])
	run, step := product64(data.shape[depth:]), strides(data.shape)
	places, values := at.integers(), updates.values()
	product(data.shape)
	out := slices.Clone(data.values())
	for i := 0; depth > 0 && i < len(places)/depth; i++ {
		begin := int64(0)
		for axis, p := range places[i*depth : (i+1)*depth] {
			if p < 0 {
				p += data.shape[axis]
			}
			if p < 0 || p >= data.shape[axis] {
				fail("want places within %v, got %v", data.shape, places[i*depth:(i+1)*depth])
			}
			begin += p * step[axis]
		}
		copy(out[begin:begin+run], values[int64(i)*run:])
	}
	return []*tensor{{kind: data.kind, shape: data.shape, data: out}}
}
