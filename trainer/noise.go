package trainer

import (
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/spec"
)

// Noise is train.noise: "" for none, or
//
//	gaussian(sigma=.25)
//
// whose parameters are those of [graphs.Noise].
type Noise struct{ graphs.Noise }

const noiseName = "gaussian"

var noises = []spec.Kind[*graphs.Noise]{{Name: noiseName, New: func() *graphs.Noise { return new(graphs.Noise) }}}

// Off reports whether there is none.
func (n Noise) Off() bool { return n.Noise == graphs.Noise{} }

// String writes what UnmarshalText reads, defaults included.
func (n Noise) String() string {
	if n.Off() {
		return ""
	}
	return spec.FullText(noiseName, &n.Noise)
}

// MarshalText is String, for configuration files.
func (n Noise) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads the text, for configuration files.
func (n *Noise) UnmarshalText(text []byte) error {
	if strings.TrimSpace(string(text)) == "" {
		*n = Noise{}
		return nil
	}
	v, err := spec.Parse(string(text), noises)
	if err != nil {
		return suggest(err)
	}
	*n = Noise{*v}
	return nil
}
