package trainer

import "unwarp/graphs"

// Noise is train.noise: "" for none, or
//
//	gaussian(sigma=.25)
//
// whose parameters are those of [graphs.Noise].
type Noise struct{ graphs.Noise }

const noiseName = "gaussian"

// Off reports whether there is none.
func (n Noise) Off() bool { return n.Noise == graphs.Noise{} }

// String writes what UnmarshalText reads, defaults included.
func (n Noise) String() string { return namedText(noiseName, n.Noise) }

// MarshalText is String, for configuration files.
func (n Noise) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads the text, for configuration files.
func (n *Noise) UnmarshalText(text []byte) error { return parseNamed(text, noiseName, &n.Noise) }
