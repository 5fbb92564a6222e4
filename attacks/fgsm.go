package attacks

import tf "github.com/wamuir/graft/tensorflow"

// FGSM is the fast gradient sign method of Goodfellow, Shlens and Szegedy
// 2015: x + eps·sign(∇ loss), in the box. With an L2 threat it is the fast
// gradient method. One gradient serves every eps. The label is the true one
// (cleverhans takes the predicted one by default).
type FGSM struct {
	Eps  []float32
	Loss Loss
}

func (f FGSM) String() string { return describe("fgsm", f.Eps, "loss="+string(f.Follows())) }

// Radii are the attack's own eps.
func (f FGSM) Radii() []float32 { return f.Eps }

// Follows is the loss whose gradient is used, Classification unless Loss says
// otherwise.
func (f FGSM) Follows() Loss { return f.Loss.or(Classification) }

// Plan is one step of eps.
func (f FGSM) Plan(eps float32) (int, float32) { return 1, eps }

func (f FGSM) run(r *runner, _ Set, eps []float32, propose func(int, *tf.Tensor) error) error {
	direction, err := r.ascent(f.Follows())
	if err != nil {
		return err
	}
	return alongEach(r, direction, eps, propose)
}

// alongEach proposes the images at each eps along one direction.
func alongEach(r *runner, direction *tf.Tensor, eps []float32, propose func(int, *tf.Tensor) error) error {
	for k, e := range eps {
		x, err := r.follow(direction, e, e)
		if err != nil {
			return err
		}
		if err := propose(k, x); err != nil {
			return err
		}
	}
	return nil
}
