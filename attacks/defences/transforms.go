package defences

import (
	"unwarp/attacks"
	"unwarp/graphs"
)

// Bits is [graphs.BitDepth] around a model.
type Bits struct{ graphs.BitDepth }

// Wrap implements [Defence].
func (d *Bits) Wrap(v attacks.Victim) attacks.Victim { return before(v, d.BitDepth) }

// JPEG is [graphs.JPEG] around a model.
type JPEG struct{ graphs.JPEG }

// Wrap implements [Defence].
func (d *JPEG) Wrap(v attacks.Victim) attacks.Victim { return before(v, d.JPEG) }

// TotalVariation is [graphs.TotalVariation] around a model.
type TotalVariation struct{ graphs.TotalVariation }

// Wrap implements [Defence].
func (d *TotalVariation) Wrap(v attacks.Victim) attacks.Victim { return before(v, d.TotalVariation) }
