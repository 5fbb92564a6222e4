package bounds

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// readLeakyRelu is the rule of LeakyRelu: alpha·x + (1-alpha)·relu(x), whose
// lines are those of the leaky ReLU itself.
func readLeakyRelu(k *walk, o *tf.Operation, in []value) (*node, error) {
	alpha, _ := attr[float32](o, "alpha")
	if !(alpha >= 0 && alpha <= 1) {
		return nil, refuse(fmt.Sprintf("a slope outside [0,1]: %g", alpha))
	}
	x := in[0].node
	left, err := k.addScale(o.Name(), x, k.w.scalar(float64(alpha)), 1)
	if err != nil {
		return nil, err
	}
	right, err := k.addScale(o.Name(), k.addRelu(o.Name(), x), k.w.scalar(1-float64(alpha)), 2)
	if err != nil {
		return nil, err
	}
	return k.net.add(o.Name(), sum{[]float64{1, 1}}, x.dims, left, right), nil
}
