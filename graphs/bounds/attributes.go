package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// attr reads an attribute; false where the op has none of that type.
func attr[T any](o *tf.Operation, name string) (T, bool) {
	v, err := o.Attr(name)
	x, ok := v.(T)
	return x, err == nil && ok
}

func flag(o *tf.Operation, name string) bool {
	v, _ := attr[bool](o, name)
	return v
}

func text(o *tf.Operation, name string) string {
	v, _ := attr[string](o, name)
	return v
}

func numbers(o *tf.Operation, name string) []int64 {
	v, _ := attr[[]int64](o, name)
	return v
}

// integers reads a constant of integers, row by row.
func (k *walk) integers(v value) ([]int64, error) {
	t, err := k.constantTensor(v)
	if err != nil {
		return nil, err
	}
	switch x := t.Value().(type) {
	case int32:
		return []int64{int64(x)}, nil
	case int64:
		return []int64{x}, nil
	case []int32:
		return widen(x), nil
	case []int64:
		return x, nil
	case [][]int32:
		var all []int64
		for _, row := range x {
			all = append(all, widen(row)...)
		}
		return all, nil
	case [][]int64:
		var all []int64
		for _, row := range x {
			all = append(all, row...)
		}
		return all, nil
	}
	return nil, refuse("sizes that are no integers")
}

func widen(x []int32) []int64 {
	out := make([]int64, len(x))
	for i, v := range x {
		out[i] = int64(v)
	}
	return out
}

// number reads a float32 scalar constant.
func (k *walk) number(v value) (float64, error) {
	t, err := k.constantTensor(v)
	if err != nil {
		return 0, err
	}
	x, ok := t.Value().(float32)
	if !ok {
		return 0, refuse("a value that is no float32 scalar")
	}
	return float64(x), nil
}

// constantTensor is the value of a Const, which may be handed on by aliases.
func (k *walk) constantTensor(v value) (*tf.Tensor, error) {
	if v.node != nil {
		return nil, refuse("sizes that depend on the image")
	}
	o := v.out.Op
	for aliases[o.Type()] && o.NumInputs() > 0 {
		o = inputs(o)[0].Op
	}
	t, ok := attr[*tf.Tensor](o, "value")
	if o.Type() != "Const" || !ok {
		return nil, refuse("sizes that are computed in the graph")
	}
	return t, nil
}
