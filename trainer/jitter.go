package trainer

import (
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/spec"
)

// Jitter is train.jitter: "" for none, or
//
//	jitter(brightness=63/255,low=.2,high=1.8)
//
// whose parameters are those of [graphs.Jitter].
type Jitter struct{ graphs.Jitter }

const jitterName = "jitter"

var jitters = []spec.Kind[*graphs.Jitter]{{Name: jitterName, New: func() *graphs.Jitter { return new(graphs.Jitter) }}}

// Off reports whether there is none.
func (j Jitter) Off() bool { return j.Jitter == graphs.Jitter{} }

// String writes what UnmarshalText reads, defaults included.
func (j Jitter) String() string {
	if j.Off() {
		return ""
	}
	return spec.FullText(jitterName, &j.Jitter)
}

// MarshalText is String, for configuration files.
func (j Jitter) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

// UnmarshalText reads the text, for configuration files.
func (j *Jitter) UnmarshalText(text []byte) error {
	if strings.TrimSpace(string(text)) == "" {
		*j = Jitter{}
		return nil
	}
	v, err := spec.Parse(string(text), jitters)
	if err != nil {
		return suggest(err)
	}
	*j = Jitter{*v}
	return nil
}
