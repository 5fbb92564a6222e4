package onnx

import (
	"math"

	"unwarp/graphs/onnx/format"
)

// constantFold is Constant.
func constantFold(n *node, _ []*tensor) []*tensor {
	switch {
	case n.has("value"):
		return []*tensor{n.w.net.tensor(n.find("value", format.TensorAttribute).Tensor)}
	case n.has("value_float"):
		return []*tensor{scalar(format.Float, n.float("value_float", 0))}
	case n.has("value_int"):
		return []*tensor{scalar(format.Int64, float64(n.int("value_int", 0)))}
	case n.has("value_ints"):
		return []*tensor{ints(n.ints("value_ints")...)}
	case n.has("value_floats"):
		t := &tensor{kind: format.Float, data: []float64{}}
		for _, v := range n.find("value_floats", format.FloatsAttribute).Floats {
			t.data = append(t.data, float64(v))
		}
		t.shape = []int64{int64(len(t.data))}
		return []*tensor{t}
	}
	fail("want a constant of numbers, got another")
	return nil
}

// filling is what ConstantOfShape fills with.
func (n *node) filling() *tensor {
	a := n.find("value", format.TensorAttribute)
	if a == nil || a.Tensor == nil {
		return scalar(format.Float, 0)
	}
	t := n.w.net.tensor(a.Tensor)
	if t.count() != 1 {
		fail("attribute value: want one number, got %v", t.shape)
	}
	return t.reshaped()
}

func constantOfShapeFold(n *node, in []*tensor) []*tensor {
	t, shape := n.filling(), in[0].integers()
	for _, d := range shape {
		if d >= trials[0] {
			return nil // it grows with the number of images
		}
	}
	data := make([]float64, product(shape))
	for i := range data {
		data[i] = t.values()[0]
	}
	return []*tensor{{kind: t.kind, shape: shape, data: data}}
}

// constantOfShape is ConstantOfShape where the shape grows with the number of images.
func constantOfShape(n *node) []*value {
	t := n.value(0).known
	if t == nil {
		fail("want a shape that does not depend on the image")
	}
	shape, batch := n.between(t, func(_ int64, values []int64) []int64 { return append([]int64{}, values...) })
	return []*value{n.expanded(known(n.filling()), shape, batch)}
}

// rangeFold is Range.
func rangeFold(_ *node, in []*tensor) []*tensor {
	from, to, step := in[0].values()[0], in[1].values()[0], in[2].values()[0]
	count := math.Max(math.Ceil((to-from)/step), 0)
	if !(count <= 1<<24) {
		fail("want a range of at most %d numbers, got %g from %g by %g", 1<<24, to, from, step)
	}
	t := &tensor{kind: in[0].kind, shape: []int64{int64(count)}, data: make([]float64, int(count))}
	for i := range t.data {
		t.data[i] = from + float64(i)*step
	}
	return []*tensor{t}
}

// branch is If where its condition is known at import.
func branch(n *node) []*value {
	c := n.value(0)
	if c.known == nil {
		fail("want a condition that does not depend on the image")
	}
	name := "else_branch"
	if n.known(0, "conditions").values()[0] != 0 {
		name = "then_branch"
	}
	a := n.find(name, format.GraphAttribute)
	if a == nil || a.Graph == nil {
		fail("want the attribute %s", name)
	}
	return n.w.inner(a.Graph)
}
