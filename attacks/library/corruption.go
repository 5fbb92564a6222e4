package library

import "unwarp/attacks"

var _ = attacks.Register(attacks.Entry{
	Name: "corruption", Title: "corruption", Paper: "Hendrycks and Dietterich 2019", Family: attacks.Natural, Search: attacks.MinimumNorm,
	Battery: []attacks.Variant{{Rank: 390, Text: "corruption"}},
	New:     func() attacks.Attack { return new(Corruption) },
})

// Corruption changes the image as a camera, a lens or a file format may
// (Hendrycks and Dietterich 2019), in five severities. With kind=all every kind
// is tried, with severity=0 every severity; of the misclassified results the
// nearest is kept. Each corruption has random numbers of its own: its result
// does not depend on the others.
//
// Noise, contrast, brightness and JPEG have the values of ImageNet-C, blur those
// of CIFAR-10-C, since its sizes are in pixels of a small image. Neither set has
// plain rotation and translation.
type Corruption struct {
	attacks.Common
	Kind     string `key:"kind" oneof:"all gaussian shot impulse blur box contrast brightness rotation translation jpeg" default:"all" help:"what happens to the image"`
	Severity int    `key:"severity" in:"[0,5]" default:"0" help:"1 to 5; 0: each of them"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *Corruption) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run tries the chosen kinds at the chosen severities.
func (a *Corruption) Run(o *attacks.Oracle) {
	type setting struct {
		corruption
		severity int
	}
	var settings []setting
	for _, k := range corruptions {
		for s := 1; s <= severities; s++ {
			if (a.Kind == "all" || a.Kind == k.kind) && (a.Severity == 0 || a.Severity == s) {
				settings = append(settings, setting{k, s})
			}
		}
	}
	seed := o.Rand.Uint64()
	clean := picture{o.Image, o.H, o.W, o.C, o.Threat.Lo, o.Threat.Hi}
	claimNearest(o, len(settings), func(i int, x []float32) {
		settings[i].apply(clean, x, settings[i].severity, seed)
		o.Threat.Clip(x)
	})
}
