package bounds

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Method is how margins are bounded. Each method of a [Verifier] begins with
// those before it, on the images that they leave open.
type Method string

// Methods, from the fastest to the tightest.
const (
	// IBP is interval bound propagation (Gowal et al. 2018).
	IBP Method = "ibp"
	// CROWNIBP substitutes margins back to the image, over intervals by IBP
	// (Zhang et al. 2020).
	CROWNIBP Method = "crown-ibp"
	// CROWN bounds the intervals by back-substitution too (Zhang et al. 2018).
	CROWN Method = "crown"
	// AlphaCROWN optimises the slopes of unstable ReLUs for each margin, with
	// the intervals of CROWN (Xu et al. 2021, arXiv 2011.13824).
	AlphaCROWN Method = "alpha-crown"
	// BranchAndBound splits unstable ReLUs (Wang et al. 2021, "Beta-CROWN",
	// arXiv 2103.06624) until a margin is proven, an example is found or time
	// is up.
	BranchAndBound Method = "branch-and-bound"
)

var methods = []Method{IBP, CROWNIBP, CROWN, AlphaCROWN, BranchAndBound}

// Settings configure a [Verifier]. Zero values mean the defaults.
type Settings struct {
	Norm       Norm     // of the ball, or Boxes; "" means Linf
	Method     Method   // "" means AlphaCROWN
	Rounding   Rounding // of the arithmetic; 0 means Float32
	Slopes     Slopes   // of CROWN and CROWNIBP; "" means Adaptive
	Parameters int      // of the sets of Boxes; 0: they are boxes alone
	Images     int      // bounded at once; 0 means 16
	Rows       int      // neurons of each image bounded at once by CROWN, margins, and domains of branch and bound; 0 means 64
	Memory     int64    // most bytes of a run, to which Images and Rows are fitted; 0 means half of what is free

	Steps int     // of Adam on slopes; 0 means 20
	Rate  float64 // of the steps on slopes; 0 means .1
	// NeuronSteps are steps of Adam on the slopes in the bounds of the neurons
	// before activations, a set of slopes for each neuron and side (as auto_LiRPA
	// has them); 0 means none: those bounds stay CROWN's.
	NeuronSteps int
	SplitSteps  int           // of Adam on a domain of branch and bound; 0 means 10
	SplitRate   float64       // of the steps on the multipliers of splits; 0 means .05
	Candidates  int           // splits tried out for each domain before one is chosen; 0 means 3
	Domains     int           // most domains of an image; 0 means 100,000
	Time        time.Duration // most time of branch and bound for an image; 0 means 30 s

	// Attack, where it is set, is asked for an example of each image that
	// branch and bound begins with: an image of the ball that is not classified
	// as label, nil for none. What it returns is checked.
	Attack func(image []float32, label int32, eps float32) []float32
}

// withDefaults fills zero values and refuses what cannot be.
func (s Settings) withDefaults() (Settings, error) {
	s.Norm, s.Method, s.Slopes = cmp.Or(s.Norm, Linf), cmp.Or(s.Method, AlphaCROWN), cmp.Or(s.Slopes, Adaptive)
	s.Rounding = cmp.Or(s.Rounding, Float32)
	for _, d := range []struct {
		name  string
		value *int
		usual int
	}{
		{"Images", &s.Images, 16}, {"Rows", &s.Rows, 64}, {"Steps", &s.Steps, 20}, {"SplitSteps", &s.SplitSteps, 10},
		{"Candidates", &s.Candidates, 3}, {"Domains", &s.Domains, 100_000}, {"NeuronSteps", &s.NeuronSteps, 0},
	} {
		if *d.value < 0 {
			return s, fmt.Errorf("bounds: %s: want a positive number, or 0 for %d, got %d", d.name, d.usual, *d.value)
		}
		*d.value = cmp.Or(*d.value, d.usual)
	}
	if s.Memory < 0 {
		return s, fmt.Errorf("bounds: Memory: want a positive number of bytes, or 0 for half of what is free, got %d", s.Memory)
	}
	s.Rows += s.Rows % 2 // two for each neuron
	s.Rate, s.SplitRate, s.Time = cmp.Or(s.Rate, .1), cmp.Or(s.SplitRate, .05), cmp.Or(s.Time, 30*time.Second)
	return s, s.checkWords()
}

func (s Settings) checkWords() error {
	switch {
	case s.Norm != Linf && s.Norm != L2 && s.Norm != L1 && s.Norm != Boxes:
		return fmt.Errorf("bounds: norm: want linf, l2, l1 or box, got %q", string(s.Norm))
	case s.Parameters < 0 || s.Parameters > 0 && s.Norm != Boxes:
		return fmt.Errorf("bounds: parameters: want some of sets of norm box, got %d of norm %q", s.Parameters, string(s.Norm))
	case s.Method.rank() < 0:
		return fmt.Errorf("bounds: method: want one of %v, got %q", methods, string(s.Method))
	case s.Slopes != Adaptive && s.Slopes != Zero && s.Slopes != One && s.Slopes != Parallel:
		return fmt.Errorf("bounds: slopes: want adaptive, zero, one or parallel, got %q", string(s.Slopes))
	case !(s.Rounding > 0 && s.Rounding < 1):
		return fmt.Errorf("bounds: rounding: want a unit roundoff in (0,1), got %g", float64(s.Rounding))
	case !(s.Rate > 0) || !(s.SplitRate > 0) || math.IsInf(s.Rate, 0) || math.IsInf(s.SplitRate, 0) || s.Time < 0:
		return fmt.Errorf("bounds: want positive rates and time, got %g, %g and %v", s.Rate, s.SplitRate, s.Time)
	}
	return nil
}

// rank is the position among the methods, -1 for none.
func (m Method) rank() int {
	for i, x := range methods {
		if x == m {
			return i
		}
	}
	return -1
}

// atLeast reports whether m goes as far as x.
func (m Method) atLeast(x Method) bool { return m.rank() >= x.rank() }
