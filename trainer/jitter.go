package trainer

import "unwarp/graphs"

// Jitter is train.jitter: "" for none, or
//
//	jitter(brightness=63/255,low=.2,high=1.8)
//
// whose parameters are those of [graphs.Jitter].
type Jitter struct{ graphs.Jitter }

const jitterName = "jitter"

// Off reports whether there is none.
func (j Jitter) Off() bool { return j.Jitter == graphs.Jitter{} }

// String writes what UnmarshalText reads, defaults included.
func (j Jitter) String() string { return namedText(jitterName, j.Jitter) }

// MarshalText is String, for configuration files.
func (j Jitter) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

// UnmarshalText reads the text, for configuration files.
func (j *Jitter) UnmarshalText(text []byte) error { return parseNamed(text, jitterName, &j.Jitter) }
