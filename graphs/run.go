package graphs

import (
	"fmt"
	"runtime"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// Feeds are the tensors fed to a run, by [Input.Feed].
type Feeds map[tf.Output]*tf.Tensor

// collectAfter is how many bytes may be fetched before the garbage collector is
// run: it does not see their memory.
const collectAfter = 64 << 20

// Run feeds, fetches and runs targets. It refuses a feed whose type or shape
// is not the declared one, since TensorFlow would abort or compute nonsense.
func (n *Net) Run(feeds Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error) {
	if err := checkArguments(feeds, fetches, targets); err != nil {
		return nil, err
	}
	for out, t := range feeds {
		if in, ok := n.inputs[out]; ok {
			if err := in.checkFeed(t); err != nil {
				return nil, err
			}
		}
	}
	out, err := n.run(feeds, fetches, targets)
	if err != nil {
		return nil, fmt.Errorf("graphs: run: %w", FirstLine(err))
	}
	for _, t := range out {
		n.countFetched(t)
	}
	return out, nil
}

// run calls first around a set of fetches and targets that is new.
func (n *Net) run(feeds Feeds, fetches []tf.Output, targets []*tf.Operation) (out []*tf.Tensor, err error) {
	if n.first == nil {
		return n.Session.Run(feeds, fetches, targets)
	}
	var key strings.Builder
	for _, f := range fetches {
		fmt.Fprintf(&key, "%s:%d ", f.Op.Name(), f.Index)
	}
	for _, o := range targets {
		key.WriteString(o.Name())
	}
	if _, known := n.seenRuns.LoadOrStore(key.String(), true); known {
		return n.Session.Run(feeds, fetches, targets)
	}
	err = n.first(func() error {
		out, err = n.Session.Run(feeds, fetches, targets)
		return err
	})
	return out, err
}

// checkArguments refuses values that a model does not have, such as the field of a
// base CNN: graft crashes on them.
func checkArguments(feeds Feeds, fetches []tf.Output, targets []*tf.Operation) error {
	for out, t := range feeds {
		if out.Op == nil {
			return fmt.Errorf("graphs: run: want feeds of values of the graph, got a feed of none")
		}
		if t == nil {
			return fmt.Errorf("graphs: run: feed of %q: want a tensor, got none", out.Op.Name())
		}
	}
	for i, out := range fetches {
		if out.Op == nil {
			return fmt.Errorf("graphs: run: fetch %d: want a value of the graph, got none: the model lacks it", i)
		}
	}
	for i, o := range targets {
		if o == nil {
			return fmt.Errorf("graphs: run: target %d: want an op of the graph, got none", i)
		}
	}
	return nil
}

func (n *Net) countFetched(t *tf.Tensor) {
	size := int64(8)
	for _, d := range t.Shape() {
		size *= d
	}
	if n.fetched.Add(size) > collectAfter {
		n.fetched.Store(0)
		runtime.GC()
	}
}
