package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// gemm is Gemm: alpha·A·B + beta·C.
func gemm(n *node) []*value {
	a, b := n.value(0), n.value(1)
	if a.rank() != 2 || b.rank() != 2 {
		fail("want matrices, got %v and %v", a.shape, b.shape)
	}
	turnA, turnB := n.int("transA", 0) != 0, n.int("transB", 0) != 0
	order, batch := []int{0, 1}, a.batch
	if turnB {
		order = []int{1, 0} // weights are stored [in,out]
	}
	if turnA && batch.axis != none {
		batch.axis = 1 - batch.axis
	}
	if batch.axis == 1 || b.batch.axis != none {
		fail("want a product of one row for each image, got %v and %v", a.shape, b.shape)
	}
	y := n.op("MatMul", attrs{"transpose_a": turnA}, n.plain(a), n.read(b, order))
	y = n.scaled(y, n.float("alpha", 1))
	if n.given(2) {
		c := n.value(2)
		bias := n.fitting(c, a)
		if c.known == nil && c.rank() == 2 && c.shape[0] == 1 { // TensorFlow joins products with vectors alone
			bias = n.reshape(bias, c.shape[1:])
		}
		y = n.op("AddV2", nil, y, n.scaled(bias, n.float("beta", 1)))
	}
	return n.inFileOrder(y, batch)
}

func (n *node) scaled(x tf.Output, by float64) tf.Output {
	if by == 1 {
		return x
	}
	return n.op("Mul", nil, x, n.float32(by))
}

// matMul is MatMul.
func matMul(n *node) []*value {
	a, b := n.value(0), n.value(1)
	if a.rank() == 0 || b.rank() == 0 {
		fail("want vectors or matrices, got %v and %v", a.shape, b.shape)
	}
	left, right := a.rank() == 1, b.rank() == 1
	if left {
		a = n.reshaped(a, append([]int64{1}, a.shape...), still)
	}
	if right {
		b = n.reshaped(b, append(slices.Clone(b.shape), 1), still)
	}
	y := n.product(a, b)
	if !left && !right {
		return []*value{y}
	}
	shape := slices.Clone(y.shape)
	if right {
		shape = shape[:len(shape)-1]
	}
	if left {
		shape = slices.Delete(shape, len(shape)-1-int(truth(!right)), len(shape)-int(truth(!right)))
	}
	return []*value{n.reshaped(y, shape, y.batch)}
}

// product multiplies matrices in the last two axes.
func (n *node) product(a, b *value) *value {
	r := max(a.rank(), b.rank())
	batch := still
	for _, v := range []*value{a, b} {
		if v.batch.axis == none {
			continue
		}
		grown := v.batch
		grown.axis += r - v.rank()
		if batch.axis != none && batch != grown || v == b && grown.axis >= r-2 || v == a && grown.axis == r-1 {
			fail("want a product that keeps images apart, got %v and %v", a.shape, b.shape)
		}
		batch = grown
	}
	if b.rank() == 2 && a.rank() > 2 { // rows of all matrices at once
		k, m := a.shape[a.rank()-1], b.shape[1]
		rows := n.reshape(n.plain(a), []int64{-1, k})
		y := n.op("MatMul", nil, rows, n.plain(b))
		return n.w.made(n.reshape(y, append(slices.Clone(a.shape[:a.rank()-1]), m)), nil, batch)
	}
	if r == 2 {
		return n.w.made(n.op("MatMul", nil, n.plain(a), n.plain(b)), nil, batch)
	}
	x, turnX := n.matrices(a)
	y, turnY := n.matrices(b)
	return n.w.made(n.op("BatchMatMulV2", attrs{"adj_x": turnX, "adj_y": turnY}, x, y), nil, batch)
}

// matrices is v in the file's order, but for its last two axes where they are stored
// turned round.
func (n *node) matrices(v *value) (tf.Output, bool) {
	order := identity(v.rank())
	order[v.rank()-2], order[v.rank()-1] = order[v.rank()-1], order[v.rank()-2]
	if v.known == nil && sameOrder(v.order, order) {
		return v.out, true
	}
	return n.plain(v), false
}
