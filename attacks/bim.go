package attacks

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// BIM is the basic iterative method of Kurakin, Goodfellow and Bengio 2017:
// FGSM in Steps steps of Alpha, kept in ball and box after each, from the
// clean image. The last iterate counts.
type BIM struct {
	Eps    []float32
	Loss   Loss
	Preset Preset
	Steps  int     // 0: the preset's
	Alpha  float32 // 0: the preset's
}

// Preset fills in what Duan et al. leave unsaid: they give the number of
// steps, but not their size.
type Preset string

// Presets. Paper steps by eps, so that two steps can already reach the ball's
// far side. Split steps by eps/Steps, which just reaches its surface. Kurakin
// steps by 1/255 and makes min(eps·255+4, 1.25·eps·255) steps.
const (
	Paper   Preset = "paper"
	Split   Preset = "split"
	Kurakin Preset = "kurakin"
)

// bimSteps is foolbox's default, for presets that name no number.
const bimSteps = 10

const maxSteps = 1_000_000

func (b BIM) check(text string) error {
	switch b.Preset {
	case "", Paper, Split:
	case Kurakin:
		if b.Steps != 0 || b.Alpha != 0 {
			return fmt.Errorf("attack %q: preset kurakin sets steps and alpha itself", text)
		}
	default:
		return fmt.Errorf("attack %q: preset: want paper, split or kurakin, got %q", text, b.Preset)
	}
	if b.Preset != "" && b.Alpha != 0 {
		return fmt.Errorf("attack %q: preset %s sets alpha itself", text, b.Preset)
	}
	return nil
}

func (b BIM) String() string {
	kv := []string{"loss=" + string(b.Follows())}
	if b.Preset != "" {
		kv = append(kv, "preset="+string(b.Preset))
	}
	if b.Steps != 0 {
		kv = append(kv, fmt.Sprintf("steps=%d", b.Steps))
	}
	if b.Alpha != 0 {
		kv = append(kv, "alpha="+FormatRadii([]float32{b.Alpha}))
	}
	return describe("bim", b.Eps, kv...)
}

// Radii are the attack's own eps.
func (b BIM) Radii() []float32 { return b.Eps }

// Follows is the loss whose gradient is used, Classification unless Loss says
// otherwise.
func (b BIM) Follows() Loss { return b.Loss.or(Classification) }

// Plan says how many steps of which size are made at eps. Without a preset
// alpha is eps/5, foolbox's default.
func (b BIM) Plan(eps float32) (steps int, alpha float32) {
	steps, alpha = b.Steps, b.Alpha
	if b.Preset == Kurakin {
		n := float64(eps) * 255
		return max(1, int(min(n+4, 1.25*n)+1e-4)), 1. / 255
	}
	if steps == 0 {
		steps = bimSteps
	}
	switch {
	case alpha != 0:
	case b.Preset == Paper:
		alpha = eps
	case b.Preset == Split:
		alpha = eps / float32(steps)
	default:
		alpha = eps / 5
	}
	return steps, alpha
}

func (b BIM) run(r *runner, _ Set, eps []float32, propose func(int, *tf.Tensor) error) error {
	for k, e := range eps {
		steps, alpha := b.Plan(e)
		x := r.images.Tensor
		for range steps {
			var err error
			if x, err = r.climb(b.Follows(), x, e, alpha); err != nil {
				return err
			}
		}
		if err := propose(k, x); err != nil {
			return err
		}
	}
	return nil
}
