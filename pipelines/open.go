package pipelines

import (
	"context"
	"fmt"
	"slices"
)

// Data names a set and how much of it to use. README.md has the same table.
type Data struct {
	// Set is one of Sets: "glyphs" is drawn, all others are read from Path.
	Set string `mapstructure:"set" yaml:"set"`
	// Path is the folder of the set's files; of a csv set the file that lists them.
	Path string `mapstructure:"path" yaml:"path"`
	// Seed chooses the glyphs, the people, and of any set which examples are held out or left out.
	Seed uint64 `mapstructure:"seed" yaml:"seed"`
	// Train is how many examples to train on, besides the held-out ones. 0: what the held-out ones
	// leave of the training part, which for glyphs has 10,000.
	Train int `mapstructure:"train" yaml:"train"`
	// Validation is how many examples to hold out from the training part, by which the best checkpoint
	// is chosen. 0: none, and there is no best one. Of a set that comes with a validation part it is how
	// many of that to use, the first ones; 0: all.
	Validation int `mapstructure:"validation" yaml:"validation"`
	// Test is how many examples to test on, the first ones. 0: the whole test part, which for glyphs
	// has 2,000. Sets of image files have their classes in turn, so the first ones are of all classes.
	Test int `mapstructure:"test" yaml:"test"`
	// Size is the side in pixels of glyphs, 8 to 256 (0: 28), and of facescrub, folder and csv sets, to
	// which their images are resized, 4 to 1024 (0: 32).
	Size int `mapstructure:"size" yaml:"size"`
	// Classes of an idx set; 0: one more than the highest label. Of a folder or csv set how many there
	// must be; 0: as many as there are.
	Classes int `mapstructure:"classes" yaml:"classes"`
	// View is what smallnorb is split by: "azimuth" or "elevation" trains on a third of the views and
	// tests on the others of other objects; "" is the official split, with all views.
	View string `mapstructure:"view" yaml:"view"`
	// Split says which views of smallnorb are trained on: "hinton" (azimuths 300 to 40 degrees) or
	// "literal" (azimuths 0 to 100); both take the three lowest elevations. "": hinton.
	Split string `mapstructure:"split" yaml:"split"`
	// People is how many people of a facescrub set to use, chosen by Seed. 0: all.
	People int `mapstructure:"people" yaml:"people"`
	// Holdout is the share of each class that becomes the test part where a folder or csv set has
	// none, above 0 and below 1. 0: .2.
	Holdout float64 `mapstructure:"holdout" yaml:"holdout"`
	// Channels of a folder or csv set: 3 are red, green and blue, 1 is luma (Rec. 601). 0: 3.
	Channels int `mapstructure:"channels" yaml:"channels"`
	// Memory is how many megabytes (2^20 bytes) the images may take. 0: 4096.
	Memory int `mapstructure:"memory" yaml:"memory"`
}

// Splits are the parts of a set. No file, and no place in a file, is in two of them, whatever links lead
// to it; copies of a file are not looked for.
type Splits struct {
	Train, Validation, Test Source // Validation is nil if there is none
	// Familiar is what a set split by views has for the views that were trained on, of the objects
	// that were not; nil elsewhere.
	Familiar Source
	// PassedOver is how many files in the folders of classes are no images, by their names.
	PassedOver int
}

// Sets are the names that Open knows.
var Sets = []string{"glyphs", "mnist", "cifar10", "smallnorb", "facescrub", "folder", "csv", "idx"}

// Views and ViewSplits are the values of Data.View and Data.Split besides "".
var (
	Views      = []string{"azimuth", "elevation"}
	ViewSplits = []string{"hinton", "literal"}
)

// Check refuses values that no set can have, before anything is read.
func (d Data) Check() error {
	for _, n := range []struct {
		key   string
		value int
	}{
		{"train", d.Train}, {"validation", d.Validation}, {"test", d.Test}, {"size", d.Size}, {"classes", d.Classes},
		{"people", d.People}, {"channels", d.Channels}, {"memory", d.Memory},
	} {
		if n.value < 0 {
			return fmt.Errorf("pipelines: data: want %s of 0 or more, got %d: change %s", n.key, n.value, n.key)
		}
	}
	for _, w := range []struct {
		key, value string
		known      []string
	}{{"view", d.View, Views}, {"split", d.Split, ViewSplits}} {
		if w.value != "" && !slices.Contains(w.known, w.value) {
			return fmt.Errorf("pipelines: data: want a %s of %v or none, got %q: did you mean %s?", w.key, w.known, w.value, Nearest(w.value, w.known))
		}
	}
	if !(d.Holdout >= 0 && d.Holdout < 1) {
		return fmt.Errorf("pipelines: data: want a holdout of 0 (the usual .2) or more and below 1, got %v: change holdout", d.Holdout)
	}
	if d.Channels != 0 && d.Channels != 1 && d.Channels != 3 {
		return fmt.Errorf("pipelines: data: want channels of 0 (the usual 3), 1 or 3, got %d: change channels", d.Channels)
	}
	return d.checkRead()
}

// checkRead refuses keys that the set does not read: who gives one expects something of it. A usual
// value asks for nothing; that of size was once the side of glyphs, and run folders still say so.
func (d Data) checkRead() error {
	for _, k := range []struct {
		key   string
		value any
		given bool
		sets  []string // that read the key
	}{
		{"size", d.Size, d.Size != 0 && d.Size != glyphsSize, []string{"glyphs", "facescrub", "folder", "csv"}},
		{"classes", d.Classes, d.Classes != 0, []string{"folder", "csv", "idx"}},
		{"view", d.View, d.View != "", []string{"smallnorb"}},
		{"split", d.Split, d.Split != "" && d.Split != usualSplit, []string{"smallnorb"}},
		{"people", d.People, d.People != 0, []string{"facescrub"}},
		{"holdout", d.Holdout, d.Holdout != 0 && d.Holdout != defaultHoldout, []string{"folder", "csv"}},
		{"channels", d.Channels, d.Channels != 0 && d.Channels != defaultChannels, []string{"folder", "csv"}},
		{"memory", d.Memory, d.Memory != 0 && d.Memory != defaultMemory, []string{"cifar10", "smallnorb", "facescrub", "folder", "csv"}},
	} {
		// A set that does not exist is refused as such.
		if k.given && slices.Contains(Sets, d.Set) && !slices.Contains(k.sets, d.Set) {
			return fmt.Errorf("pipelines: data: want %s for a set of %v alone, got %v for %s, which does not read it: leave %s out", k.key, k.sets, k.value, d.Set, k.key)
		}
	}
	if d.Split != "" && d.Split != usualSplit && d.View == "" {
		return fmt.Errorf("pipelines: data: want split beside a view of %v, got %s without a view: set view, or leave split out", Views, d.Split)
	}
	return nil
}

// AskedError says that Data asks for what its set does not have, or may not take: other numbers
// would do.
type AskedError struct{ text string }

func (e *AskedError) Error() string { return e.text }

// asked makes an AskedError.
func asked(format string, args ...any) error { return &AskedError{fmt.Sprintf(format, args...)} }

// parts are a set as its files have it. validation and familiar may be nil.
type parts struct {
	train, validation, test, familiar Source
	passedOver                        int // see Splits
}

// Open reads or draws a set. The held-out examples are the last of a permutation of the training
// part that Seed decides; the examples to train on are the first of it. Both then keep the order in
// which the set has them. Image files are decoded until ctx ends; see WithProgress.
func Open(ctx context.Context, d Data) (Splits, error) {
	if err := d.Check(); err != nil {
		return Splits{}, err
	}
	var p parts
	var err error
	switch d.Set {
	case "glyphs":
		p.train, p.test, err = openGlyphs(d)
	case "mnist":
		p.train, p.test, err = openIDX(d.Path, d.Set, 10)
	case "cifar10":
		p, err = openCIFAR(d)
	case "smallnorb":
		p, err = openNORB(d)
	case "facescrub":
		p, err = openFaces(ctx, d)
	case "folder":
		p, err = openFolder(ctx, d)
	case "csv":
		p, err = openCSV(ctx, d)
	case "idx":
		p.train, p.test, err = openIDX(d.Path, d.Set, d.Classes)
	default:
		return Splits{}, fmt.Errorf("pipelines: data: want a set of %v, got %q: did you mean %s?", Sets, d.Set, Nearest(d.Set, Sets))
	}
	if err != nil {
		return Splits{}, err
	}
	return p.choose(d)
}

// choose takes as many examples of each part as d asks for.
func (p parts) choose(d Data) (Splits, error) {
	if err := p.checkSizes(d); err != nil {
		return Splits{}, err
	}
	own := p.validation
	held := d
	if own != nil {
		held.Validation = 0 // nothing need be held out
	}
	s, err := split(p.train, held)
	if err != nil {
		return Splits{}, err
	}
	if own != nil {
		if s.Validation, err = firstOrAll(own, d.Validation); err != nil {
			return Splits{}, err
		}
	}
	s.Familiar, s.PassedOver = p.familiar, p.passedOver
	if s.Test, err = firstOrAll(p.test, d.Test); err != nil {
		return Splits{}, err
	}
	return s, s.checkTaught(p.train)
}

// checkTaught refuses a class to test on without an example to train on. all is the training part
// before anything was held out or left out.
func (s Splits) checkTaught(all Source) error {
	taught, there := classesOf(s.Train), classesOf(all)
	for c, tested := range classesOf(s.Test) {
		if tested == 0 || taught[c] > 0 {
			continue
		}
		name := fmt.Sprintf("class %d", c)
		if names := ClassNames(all); names != nil {
			name += fmt.Sprintf(" (%s)", names[c])
		}
		if there[c] == 0 {
			do := "add some, or fetch the files again"
			if _, drawn := all.(*Glyphs); drawn {
				do = "raise data.train"
			}
			return fmt.Errorf("pipelines: %s: want an example to train on of each class to test on, got none of %s: %s", all.Name(), name, do)
		}
		return asked("pipelines: %s: want an example to train on of each class to test on, got %d of %d to train on, none of the %d of %s among them: lower data.validation, raise data.train, or change data.seed",
			all.Name(), s.Train.Len(), all.Len(), there[c], name)
	}
	return nil
}

// classesOf is how many examples of each class src has. It draws none of them.
func classesOf(src Source) []int {
	counts := make([]int, src.Classes())
	label := labelsOf(src)
	for i := range src.Len() {
		counts[label(i)]++
	}
	return counts
}

// firstOrAll is the first n examples of src, or all if n is 0.
func firstOrAll(src Source, n int) (Source, error) {
	if n == 0 {
		return src, nil
	}
	return First(src, n)
}

// checkSizes refuses a set that is smaller than what d asks of it, with numbers that would do: a set
// of somebody's own meets defaults that were made for another.
func (p parts) checkSizes(d Data) error {
	n, own := p.train.Len(), 0
	if p.validation != nil {
		own = p.validation.Len()
	}
	train, hold := d.Train, d.Validation
	fits := hold < n && train <= n-hold
	if own > 0 {
		fits = hold <= own && train <= n
	}
	if fits && d.Test <= p.test.Len() {
		return nil
	}
	has := fmt.Sprintf("%d training", n)
	advice := fmt.Sprintf("data.validation=%d", min(hold, n/10))
	if own > 0 {
		has += fmt.Sprintf(", %d validation", own)
		advice = "data.validation=0"
	}
	return asked("pipelines: %s: want no more than the set has, %s and %d test examples, and at least 1 to train on, got train %d, validation %d, test %d: lower train or validation or test (data.train=0 data.test=0 %s takes all that there is)",
		p.train.Name(), has, p.test.Len(), train, hold, d.Test, advice)
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
