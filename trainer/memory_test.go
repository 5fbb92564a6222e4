package trainer

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"unwarp/pipelines"
)

// resident is the memory of this process in MB, TensorFlow's included. No
// collection is forced: what waits for one counts.
func resident(tb testing.TB) float64 {
	tb.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		tb.Skip("needs /proc: ", err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb float64
			if _, err := fmt.Sscan(rest, &kb); err != nil {
				tb.Fatal(err)
			}
			return kb / 1024
		}
	}
	tb.Skip("no VmRSS in /proc/self/status")
	return 0
}

// growth trains for some steps, after others in which TensorFlow's allocator
// settles, with a line, an evaluation and a checkpoint every so many, and
// returns by how many MB the process grew.
func growth(tb testing.TB, warm, steps int, every string) float64 {
	c := DefaultConfig()
	c.Batch, c.Duration = 64, Duration{float64(warm + steps), "st"}
	c.Log, c.Evaluate, c.Checkpoint = mustDuration(tb, every), mustDuration(tb, every), mustDuration(tb, every)
	c.Augment = mustAugment(tb, "flip|deform(stretch=1..2,shift=1..2,step=1)")
	src := dots{640, 3, pipelines.Shape{H: 16, W: 16, C: 1}}
	p, net := declared(tb, 1, c, littleModel("disentangled"), src.shape)
	var before, after float64
	seen := &stepper{func(step int) {
		switch step {
		case warm:
			before = resident(tb)
		case warm + steps:
			after = resident(tb)
		}
	}}
	if _, err := p.Run(tb.Context(), net, Inputs{Train: src, Validation: dots{100, 3, src.shape}, Dir: tb.TempDir()}, seen); err != nil {
		tb.Fatal(err)
	}
	return after - before
}

// stepper is an observer of steps alone.
type stepper struct{ on func(step int) }

func (s *stepper) Began(Progress)                 {}
func (s *stepper) Stepped(at Progress)            { s.on(at.Step) }
func (s *stepper) Evaluated(Progress, Evaluation) {}
func (s *stepper) Saved(Progress, []string)       {}
func (s *stepper) Noted(Progress, string)         {}
func (s *stepper) Ended(Progress, Summary, error) {}

// Tensors kept from each step would be 64 KB of images and as much of views: 32
// MB in 250 steps.
func TestMemoryIsFlat(t *testing.T) {
	if mb := growth(t, 150, 250, "10st"); mb > 20 {
		t.Errorf("want a process that stays as it is, it grew by %.1f MB in 250 steps", mb)
	}
}

// BenchmarkMemory reports by how much the process grows in 10,000 steps:
//
//	go test ./trainer -run '^$' -bench Memory -benchtime 1x
func BenchmarkMemory(b *testing.B) {
	most := 0.
	for range b.N {
		most = max(most, growth(b, 1000, 10_000, "100st"))
	}
	b.ReportMetric(most, "MB-growth")
	b.ReportMetric(0, "ns/op")
}
