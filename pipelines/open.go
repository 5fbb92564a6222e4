package pipelines

import (
	"fmt"
	"slices"
)

// Data names a set and how much of it to use.
type Data struct {
	// Set is "glyphs", "mnist" (idx files with labels 0..9) or "idx".
	Set string `mapstructure:"set" yaml:"set"`
	// Path is the folder of an idx set.
	Path string `mapstructure:"path" yaml:"path"`
	// Seed chooses the glyphs, and of any set which training examples are held out or left out.
	Seed uint64 `mapstructure:"seed" yaml:"seed"`
	// Train is how many examples to train on, besides the held-out ones. 0: what the held-out ones
	// leave of the training part, which for glyphs has 10,000.
	Train int `mapstructure:"train" yaml:"train"`
	// Validation is how many examples to hold out from the training part. 0: none.
	Validation int `mapstructure:"validation" yaml:"validation"`
	// Test is how many examples to test on, the first ones. 0: the whole test part, which for glyphs
	// has 2,000.
	Test int `mapstructure:"test" yaml:"test"`
	// Size is the side of glyphs in pixels, 8 to 256. 0: 28.
	Size int `mapstructure:"size" yaml:"size"`
	// Classes of an idx set. 0: one more than the highest label.
	Classes int `mapstructure:"classes" yaml:"classes"`
}

// Splits are the parts of a set. They share no example.
type Splits struct {
	Train, Validation, Test Source // Validation is nil if none was asked for
}

// Sets are the names that Open knows.
var Sets = []string{"glyphs", "mnist", "idx"}

// Open reads or draws a set. The held-out examples are the last of a permutation of the training
// part that Seed decides; the examples to train on are the first of it. Both then keep the order in
// which the set has them.
func Open(d Data) (Splits, error) {
	for _, n := range []struct {
		key   string
		value int
	}{{"train", d.Train}, {"validation", d.Validation}, {"test", d.Test}, {"size", d.Size}, {"classes", d.Classes}} {
		if n.value < 0 {
			return Splits{}, fmt.Errorf("pipelines: data: want %s of 0 or more, got %d: change %s", n.key, n.value, n.key)
		}
	}
	var train, test Source
	var err error
	switch d.Set {
	case "glyphs":
		train, test, err = openGlyphs(d)
	case "mnist":
		train, test, err = openIDX(d.Path, d.Set, 10)
	case "idx":
		train, test, err = openIDX(d.Path, d.Set, d.Classes)
	default:
		return Splits{}, fmt.Errorf("pipelines: data: want a set of %v, got %q: did you mean %s?", Sets, d.Set, Nearest(d.Set, Sets))
	}
	if err != nil {
		return Splits{}, err
	}
	s, err := split(train, d)
	if err != nil {
		return Splits{}, err
	}
	if s.Test = test; d.Test > 0 {
		s.Test, err = First(test, d.Test)
	}
	return s, err
}

// split holds out and leaves out training examples.
func split(all Source, d Data) (Splits, error) {
	n := all.Len()
	train := d.Train
	if train == 0 {
		train = n - d.Validation
	}
	// Compared one by one: a sum could overflow.
	if train < 1 || train > n || d.Validation > n-train {
		return Splits{}, fmt.Errorf("pipelines: %s: want at most %d examples to train on and to hold out, at least 1 to train on, got %d and %d: lower train or validation",
			all.Name(), n, train, d.Validation)
	}
	if train == n {
		return Splits{Train: all}, nil
	}
	order := Seed(d.Seed).Split("validation").Rand().Perm(n)
	part := func(indices []int) (Source, error) {
		slices.Sort(indices)
		return Subset(all, indices)
	}
	var s Splits
	var err error
	if d.Validation > 0 {
		if s.Validation, err = part(order[n-d.Validation:]); err != nil {
			return Splits{}, err
		}
	}
	s.Train, err = part(order[:train:train])
	return s, err
}
