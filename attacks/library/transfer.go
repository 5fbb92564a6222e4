package library

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "transfer", Title: "transfer", Paper: "Szegedy et al. 2014; Dong et al. 2018", Family: attacks.Transfer,
	New: func() attacks.Attack { return new(TransferAttack) },
})

// TransferAttack makes examples on another model, the source, by MI-FGSM (Dong
// et al. 2018) within Eps, and claims them for the victim: examples of one model
// are often misclassified by others too (Szegedy et al. 2014). The victim is
// asked for nothing but the verification. The steps go on after the source
// misclassifies the iterate, since stronger examples transfer better.
type TransferAttack struct {
	attacks.Common
	From   string  `key:"from" help:"the source: the name of a run folder given with --source"`
	Steps  int     `key:"steps" in:"[1,1e6]" default:"20" help:"on the source"`
	Alpha  float32 `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: eps/5"`
	Decay  float32 `key:"decay" in:"[0,10]" default:"1" help:"of the momentum, mu"`
	Claims int     `key:"shows" in:"[1,1e4]" default:"4" help:"iterates claimed, the last among them"`
}

// SourceName implements [attacks.Transferrer].
func (f *TransferAttack) SourceName() string { return f.From }

// Losses implements [attacks.Attack]; the loss is that of the source.
func (f *TransferAttack) Losses(attacks.Victim) []attacks.Loss {
	return []attacks.Loss{attacks.Classification}
}

// Run ascends on the source from the clean image.
func (f *TransferAttack) Run(o *attacks.Oracle) {
	alpha := f.Alpha
	if alpha == 0 {
		alpha = o.Eps / 5
	}
	momentum := make([]float32, len(o.Image))
	direction := func(g, _ []float32) {
		size := vector.AtLeastTiny(attacks.L1.Of(g))
		for i, v := range g {
			momentum[i] = f.Decay*momentum[i] + v/size
		}
		o.Threat.Steepest(g, momentum)
	}
	ascent := gradientAscent{steps: f.Steps, alpha: alpha, lossGradient: attackLoss(o, attacks.Classification), direction: direction}
	ascent.runClaiming(o, slices.Clone(o.Image), max(1, f.Steps/f.Claims))
}
