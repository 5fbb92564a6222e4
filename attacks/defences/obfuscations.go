package defences

import (
	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// Quantise is [checks.Quantised].
type Quantise struct {
	Levels int `key:"levels" default:"8" in:"[2,256]" help:"of a value"`
}

// Wrap implements [Defence].
func (d *Quantise) Wrap(v attacks.Victim) attacks.Victim { return checks.Quantised(v, d.Levels) }

// Scale is [checks.Saturated].
type Scale struct {
	Factor float32 `key:"factor" default:"1000" in:"(0,1e6]" help:"of the logits"`
}

// Wrap implements [Defence].
func (d *Scale) Wrap(v attacks.Victim) attacks.Victim { return checks.Saturated(v, d.Factor) }

// Noise is [checks.Noisy].
type Noise struct {
	Sigma float32 `key:"sigma" default:".1" in:"(0,10]" help:"standard deviation of the noise on pixels"`
}

// Wrap implements [Defence].
func (d *Noise) Wrap(v attacks.Victim) attacks.Victim { return checks.Noisy(v, d.Sigma) }
