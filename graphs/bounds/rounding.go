package bounds

import tf "github.com/wamuir/graft/tensorflow"

// Rounding is the unit roundoff of the arithmetic in which bounds and network
// are computed: every sum and product is off by at most Rounding times its
// value. Bounds are widened by what that can come to; see the package comment.
type Rounding float64

// Unit roundoffs. Unwidened bounds are for training, where a bound is a loss
// and no proof. TensorFloat is that of NVIDIA's TF32, which TensorFlow uses for
// products on newer GPUs unless NVIDIA_TF32_OVERRIDE=0 is in the environment.
const (
	Unwidened   Rounding = 0
	Float32     Rounding = 0x1p-24
	TensorFloat Rounding = 0x1p-11
)

// slack are operations around a sum that are counted with its terms.
const slack = 4

// factor bounds the relative error of a sum of so many products, in any order
// (Higham 2002, "Accuracy and Stability of Numerical Algorithms", eq. 3.4:
// γ_n = nu/(1-nu)), twice: once for the bound's sum, once for the same sum as
// the network computes it. The last factor covers the rounding of what it is
// multiplied with.
func (r Rounding) factor(terms int64) float64 {
	nu := float64(terms+slack) * float64(r)
	return 2 * nu / (1 - min(nu, .5)) * 1.05
}

// tiny is added to every widening: what underflow can come to.
const tiny = 0x1p-60

// on reports whether bounds are widened.
func (w *writer) on() bool { return w.rounding > 0 }

// widen adds to a radius r what the rounding of so many terms of the given
// magnitude can come to.
func (w *writer) widen(r, magnitude tf.Output, terms int64) tf.Output {
	if !w.on() {
		return r
	}
	return w.add(r, w.add(w.times(w.rounding.factor(terms), magnitude), w.scalar(tiny)))
}
