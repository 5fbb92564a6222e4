package cluster

import "time"

// Config says what is borne of workers.
type Config struct {
	// Deadline is how many seconds a worker may take for a call before it counts as
	// lost: for its share of a training step, or for a batch of an evaluation.
	Deadline float64 `mapstructure:"deadline" yaml:"deadline" in:"[1,86400]"`
	// Wait is how many seconds a lost worker is waited for: without elastic for
	// each, with elastic where none is left.
	Wait float64 `mapstructure:"wait" yaml:"wait" in:"[0,1e7]"`
	// Elastic goes on without a lost worker: the others take over its shares, and it
	// gets them back when it returns. The results are the same. At the start one worker
	// is enough after ten seconds; without elastic all must be up within a minute.
	Elastic bool `mapstructure:"elastic" yaml:"elastic"`
}

// DefaultConfig waits ten minutes for a worker.
func DefaultConfig() Config { return Config{Deadline: 60, Wait: 600} }

func (c Config) deadline() time.Duration { return seconds(c.Deadline) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
