package attacks

import "fmt"

var _ = register(Entry{
	Name: "bim", Paper: "Kurakin, Goodfellow and Bengio 2017", Family: WhiteBox,
	New: func() Attack { return new(BIM) },
})

// BIM is the basic iterative method of Kurakin, Goodfellow and Bengio 2017:
// FGSM in Steps steps of Alpha, kept in ball and box after each, from the
// clean image. Success at any iterate counts.
type BIM struct {
	Common
	Loss   Loss    `key:"loss" default:"classification" help:"whose gradient is followed"`
	Preset Preset  `key:"preset" oneof:"paper split kurakin" help:"paper: steps of eps; split: eps/steps; kurakin: 1/255, min(eps+4, 1.25 eps) steps"`
	Steps  int     `key:"steps" in:"[0,1e6]" default:"0" help:"0: 10, or the preset's"`
	Alpha  float32 `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: eps/5, or the preset's"`
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

func (b *BIM) Validate() error {
	if b.Preset == Kurakin && (b.Steps != 0 || b.Alpha != 0) {
		return fmt.Errorf("preset kurakin sets steps and alpha itself")
	}
	if b.Preset != "" && b.Alpha != 0 {
		return fmt.Errorf("preset %s sets alpha itself", b.Preset)
	}
	return nil
}

// Needs is the loss.
func (b *BIM) Needs(Victim) []Loss { return []Loss{b.Loss} }

// Plan says how many steps of which size are made at eps. Without a preset
// alpha is eps/5, foolbox's default.
func (b *BIM) Plan(eps float32) (steps int, alpha float32) {
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

// Fits refuses too few classes for the loss.
func (b *BIM) Fits(classes int) error { return b.Loss.fits(classes) }

// Attack climbs from the clean image.
func (b *BIM) Attack(c *Case) { b.climber(c.Eps).climb(c, clone(c.Image)) }

func (b *BIM) climber(eps float32) climber {
	steps, alpha := b.Plan(eps)
	return climber{loss: b.Loss, steps: steps, alpha: alpha}
}
