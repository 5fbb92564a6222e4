package library

import (
	"fmt"
	"slices"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "substitute", Title: "substitute", Paper: "Papernot et al. 2017", Family: attacks.Transfer,
	Battery: []attacks.Variant{{Rank: 310, Text: "substitute"}},
	New:     func() attacks.Attack { return new(Substitute) },
})

// Substitute trains a model, the substitute, on the classes that the victim
// predicts, and attacks it (Papernot et al. 2017, algorithm 1). The training set
// begins with Holdout images, labelled by the victim, and is doubled Rounds times
// by steps along the sign of the substitute's Jacobian row of the label
// (Jacobian-based data augmentation); after each the substitute is trained on it
// again. The first images are the first of those attacked, without their labels.
type Substitute struct {
	attacks.Common
	Holdout int     `key:"holdout" in:"[2,1e5]" default:"150" help:"images at the beginning"`
	Rounds  int     `key:"rounds" in:"[0,10]" default:"6" help:"doublings of the set"`
	Epochs  int     `key:"epochs" in:"[1,1e4]" default:"10" help:"of training in each round"`
	Lambda  float32 `key:"lambda" in:"[0,1]" default:".1" help:"size of the augmenting step"`
	Rate    float32 `key:"rate" in:"[0,1]" default:".001" help:"Adam's learning rate"`
	Batch   int     `key:"batch" in:"[1,1e4]" default:"128" help:"of training"`
	Hidden  int     `key:"hidden" in:"[1,4096]" default:"200" help:"units in each of the two hidden layers"`
	Steps   int     `key:"steps" in:"[1,1e6]" default:"1" help:"of the attack on the substitute; 1 is FGSM"`
}

// Validate refuses a training set that would not fit into memory.
func (a *Substitute) Validate() error {
	const most = 200_000
	if n := a.Holdout << a.Rounds; n > most {
		return fmt.Errorf("holdout, rounds: want at most %d images after the doublings, got %d", most, n)
	}
	return nil
}

// Losses implements [attacks.Attack]; there are none on the victim.
func (a *Substitute) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run ascends on the substitute and claims the last iterate.
func (a *Substitute) Run(o *attacks.Oracle) {
	alpha := o.Eps
	if a.Steps > 1 {
		alpha = stepSize(0, o.Eps, a.Steps)
	}
	ascent := gradientAscent{steps: a.Steps, alpha: alpha, lossGradient: attackLoss(o, attacks.Classification)}
	ascent.runClaiming(o, slices.Clone(o.Image), a.Steps)
}

// NewSource implements [attacks.Preparer].
func (a *Substitute) NewSource(v attacks.Victim) attacks.SourceModel {
	return &substituteNet{a: a, victim: v}
}
