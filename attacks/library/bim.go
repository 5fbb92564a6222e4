package library

import (
	"fmt"
	"slices"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "bim", Title: "BIM", Paper: "Kurakin, Goodfellow and Bengio 2017", Family: attacks.WhiteBox,
	Battery: []attacks.Variant{{Rank: 60, Text: "bim"}, {Rank: 70, Text: "bim(loss=training)"}},
	New:     func() attacks.Attack { return new(BIM) },
})

// BIM is the basic iterative method of Kurakin, Goodfellow and Bengio 2017: FGSM
// in Steps steps of size Alpha from the clean image, projected on ball and box
// after each. The first iterate that is misclassified ends the search, unless
// Count is last, where the last iterate alone counts: so does the paper that is
// reproduced, whose success rates at a larger eps can be lower.
type BIM struct {
	attacks.Common
	Loss   attacks.Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
	Preset Preset       `key:"preset" oneof:"paper split kurakin" help:"paper: steps of eps; split: eps/steps; kurakin: 1/255, min(eps+4, 1.25 eps) steps"`
	Steps  int          `key:"steps" in:"[0,1e6]" default:"0" help:"0: 10, or the preset's"`
	Alpha  float32      `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: eps/5, or the preset's"`
	Count  string       `key:"count" oneof:"any last" default:"any" help:"which iterates may succeed: any, or the last alone"`
}

// Preset is a rule for step size and number of steps. The presets are readings
// of Duan et al., who give the number of steps, but not their size.
type Preset string

// The presets. PresetPaper has steps of eps, so that two steps can cross the
// ball. PresetSplit has steps of eps/Steps, which together just reach the
// surface. PresetKurakin has min(eps·255+4, 1.25·eps·255) steps of 1/255.
const (
	PresetPaper   Preset = "paper"
	PresetSplit   Preset = "split"
	PresetKurakin Preset = "kurakin"
)

// bimSteps is the number of steps without a preset that sets it, foolbox's default.
const bimSteps = 10

// Validate refuses settings that the preset determines.
func (b *BIM) Validate() error {
	if b.Preset == PresetKurakin && (b.Steps != 0 || b.Alpha != 0) {
		return fmt.Errorf("preset kurakin sets steps and alpha itself")
	}
	if b.Preset != "" && b.Alpha != 0 {
		return fmt.Errorf("preset %s sets alpha itself", b.Preset)
	}
	return nil
}

// Losses implements [attacks.Attack].
func (b *BIM) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{b.Loss} }

// Plan implements [attacks.Stepper]. Without a preset the step size is eps/5,
// foolbox's default.
func (b *BIM) Plan(eps float32, _ attacks.Norm) attacks.StepPlan {
	p := attacks.StepPlan{Loss: b.Loss, Steps: b.Steps, Size: b.Alpha, Restarts: 1, CleanStart: true}
	if b.Preset == PresetKurakin {
		n := float64(eps) * 255
		p.Steps, p.Size = max(1, int(min(n+4, 1.25*n)+1e-4)), 1./255
		return p
	}
	if p.Steps == 0 {
		p.Steps = bimSteps
	}
	switch {
	case p.Size != 0:
	case b.Preset == PresetPaper:
		p.Size = eps
	case b.Preset == PresetSplit:
		p.Size = eps / float32(p.Steps)
	default:
		p.Size = eps / 5
	}
	return p
}

// CheckClasses refuses too few classes for the loss.
func (b *BIM) CheckClasses(classes int) error { return b.Loss.CheckClasses(classes) }

// Run ascends from the clean image.
func (b *BIM) Run(o *attacks.Oracle) {
	a, x := b.ascent(o), slices.Clone(o.Image)
	if b.Count == "last" {
		a.runClaiming(o, x, a.steps)
		return
	}
	a.run(o, x)
}

func (b *BIM) ascent(o *attacks.Oracle) gradientAscent {
	p := b.Plan(o.Eps, o.Threat.Norm)
	return gradientAscent{steps: p.Steps, alpha: p.Size, lossGradient: attackLoss(o, b.Loss)}
}
