package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// sum adds its inputs, each with a sign: residual connections.
type sum struct{ signs []float64 }

func (o sum) apply(w *writer, x []tf.Output, m weights) tf.Output {
	var all []tf.Output
	for i, v := range x {
		if o.signs[i] < 0 && m == signed {
			v = w.neg(v)
		}
		all = append(all, v)
	}
	return w.total(all...)
}

func (o sum) transpose(w *writer, a tf.Output) []tf.Output {
	var all []tf.Output
	for _, s := range o.signs {
		if s < 0 {
			all = append(all, w.neg(a))
		} else {
			all = append(all, a)
		}
	}
	return all
}

func (o sum) terms() (int64, int64) { return int64(len(o.signs)), 1 }

// readAdd is the rule of Add and AddV2, readAddN of AddN, readSub of Sub.
func readAdd(k *walk, o *tf.Operation, in []value) (*node, error)  { return k.readSum(o, in, 1) }
func readAddN(k *walk, o *tf.Operation, in []value) (*node, error) { return k.readSum(o, in, 1) }
func readSub(k *walk, o *tf.Operation, in []value) (*node, error)  { return k.readSum(o, in, -1) }

// readSum adds the first input and sign times the others, constants last.
func (k *walk) readSum(o *tf.Operation, in []value, sign float64) (*node, error) {
	var nodes []*node
	var s sum
	for i, v := range in {
		if v.node == nil {
			continue
		}
		if len(nodes) > 0 && !sameShape(nodes[0], v.node) {
			return nil, refuse("a sum of values of different shapes")
		}
		nodes, s.signs = append(nodes, v.node), append(s.signs, signOf(i, sign))
	}
	x := nodes[0]
	if len(nodes) > 1 || s.signs[0] < 0 {
		x = k.net.add(o.Name(), s, x.dims, nodes...)
	}
	for i, v := range in {
		if v.node != nil {
			continue
		}
		var err error
		if x, err = k.addShift(o.Name(), x, v.out, signOf(i, sign)); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func signOf(i int, sign float64) float64 {
	if i == 0 {
		return 1
	}
	return sign
}

func sameShape(x, y *node) bool {
	if x.lead != y.lead || len(x.dims) != len(y.dims) {
		return false
	}
	for i, d := range x.dims {
		if d != y.dims[i] {
			return false
		}
	}
	return true
}
