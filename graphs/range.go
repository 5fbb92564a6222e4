package graphs

import (
	"fmt"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs/spec"
)

// Range is the range in which an encoder takes pixels, lo..hi: 0..255, -1..1. ""
// is 0..1, as images are.
type Range string

// Bounds are the least and the largest value.
func (r Range) Bounds() (lo, hi float32, err error) {
	if r == "" {
		return 0, 1, nil
	}
	from, to, ok := strings.Cut(string(r), "..")
	if ok {
		if lo, err = parseEnd(from); err == nil {
			hi, err = parseEnd(to)
		}
	}
	const most = 1e6
	if !ok || err != nil || !(lo < hi) || lo < -most || hi > most {
		return 0, 1, fmt.Errorf("model.range: want lo..hi, such as 0..255 or -1..1, got %q", string(r))
	}
	return lo, hi, nil
}

// parseEnd reads a number that may be negative.
func parseEnd(text string) (float32, error) {
	digits, minus := strings.CutPrefix(strings.TrimSpace(text), "-")
	v, err := spec.ParseNumber(digits)
	if minus {
		v = -v
	}
	return v, err
}

// Apply maps images in [0,1] to the range.
func (r Range) Apply(s *Scope, images tf.Output) tf.Output {
	lo, hi, err := r.Bounds()
	if err != nil {
		s.Errorf("%w", err)
	}
	if !s.hasValue(images) || lo == 0 && hi == 1 {
		return images
	}
	x := op.Mul(s.Op("scaled"), images, op.Const(s.Op("width"), hi-lo))
	if lo == 0 {
		return x
	}
	return op.Add(s.Op("shifted"), x, op.Const(s.Op("least"), lo))
}
