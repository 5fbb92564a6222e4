package pipelines

import (
	"fmt"
	"slices"
)

// Splits are the parts of a set. No file, and no place in a file, is in two of them, whatever links lead
// to it. Copies of image files are in Remarks.
type Splits struct {
	Train, Validation, Test Source // Validation is nil if there is none
	// Familiar is what a set split by views has for the views that were trained on, of the objects
	// that were not; nil elsewhere.
	Familiar Source
	// EvaluationOnly tells that the set has no training part: Train is Test then, for its shape and
	// classes alone.
	EvaluationOnly bool
	// SkippedFiles is how many files in the folders of classes are no images, by their names.
	SkippedFiles int
	// LeftOut is how many image files cannot be read and were left out, as Data.SkipBad asks.
	LeftOut int
	// Remarks say of the files what their owner should know, such as which are copies of each other.
	Remarks []string
}

// parts are a set as its files have it. All but test may be nil.
type parts struct {
	train, validation, test, familiar Source
	contents                          []fileHash // of the files of train; nil where no image has a file of its own
	skippedFiles, leftOut             int        // see Splits
	remarks                           []string   // see Splits
}

// selectSplits selects as many examples of each part as d asks for.
func (p parts) selectSplits(d Data) (Splits, error) {
	if p.train == nil {
		return p.selectTest(d)
	}
	if err := p.checkSizes(d); err != nil {
		return Splits{}, err
	}
	own := p.validation
	held := d
	if own != nil {
		held.Validation = 0 // the set has a validation part
	}
	s, err := holdOut(p.train, p.contents, held)
	if err != nil {
		return Splits{}, err
	}
	if own != nil {
		if s.Validation, err = firstOrAll(own, d.Validation); err != nil {
			return Splits{}, err
		}
	}
	s.Familiar, s.SkippedFiles = p.familiar, p.skippedFiles
	s.LeftOut, s.Remarks = p.leftOut, p.remarks
	if s.Test, err = firstOrAll(p.test, d.Test); err != nil {
		return Splits{}, err
	}
	return s, s.checkClassesTrained(p.train)
}

// selectTest are the splits of a set that has no training part.
func (p parts) selectTest(d Data) (s Splits, err error) {
	if d.Train > 0 || d.Validation > 0 || d.Test > p.test.Len() {
		return s, newRequestError("pipelines: %s: want no more than the set has, %d test examples and none to train on, got train %d, validation %d, test %d: lower data.train, data.validation or data.test",
			p.test.Name(), p.test.Len(), d.Train, d.Validation, d.Test)
	}
	s = Splits{EvaluationOnly: true, SkippedFiles: p.skippedFiles, LeftOut: p.leftOut, Remarks: p.remarks}
	s.Test, err = firstOrAll(p.test, d.Test)
	s.Train = s.Test
	return s, err
}

// checkClassesTrained refuses a class to test on without an example to train on. all is the training part
// before anything was held out or left out.
func (s Splits) checkClassesTrained(all Source) error {
	taught, there := CountClasses(s.Train), CountClasses(all)
	for c, tested := range CountClasses(s.Test) {
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
		return newRequestError("pipelines: %s: want an example to train on of each class to test on, got %d of %d to train on, none of the %d of %s among them: lower data.validation, raise data.train, or change data.seed",
			all.Name(), s.Train.Len(), all.Len(), there[c], name)
	}
	return nil
}

// CountClasses is how many examples of each class src has. It draws none of them.
func CountClasses(src Source) []int {
	counts := make([]int, src.Classes())
	for i := range src.Len() {
		counts[src.Label(i)]++
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

// checkSizes refuses a set that is smaller than what d asks of it. The error suggests numbers that fit,
// since the defaults were made for another set than the user's own.
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
	return newRequestError("pipelines: %s: want no more than the set has, %s and %d test examples, and at least 1 to train on, got train %d, validation %d, test %d: lower data.train, data.validation or data.test (data.train=0 data.test=0 %s takes all that there is)",
		p.train.Name(), has, p.test.Len(), train, hold, d.Test, advice)
}

// holdOut divides the training part into examples to train on, held-out ones, and unused ones.
// contents are those of [parts].
func holdOut(all Source, contents []fileHash, d Data) (Splits, error) {
	n := all.Len()
	train := d.Train
	if train == 0 {
		train = n - d.Validation
	}
	// Compared one by one: a sum could overflow.
	if train < 1 || train > n || d.Validation > n-train {
		return Splits{}, fmt.Errorf("pipelines: %s: want at most %d examples to train on and to hold out, at least 1 to train on, got %d and %d: lower data.train or data.validation",
			all.Name(), n, train, d.Validation)
	}
	if train == n {
		return Splits{Train: all}, nil
	}
	seed := Seed(d.Seed)
	order := seed.Split("validation").Rand().Perm(n)
	held := order[n-d.Validation:]
	if contents != nil {
		order, held = seed.chooseFiles(contents, d.Validation)
	}
	if d.Validation > 0 && len(held) == 0 {
		return Splits{}, newRequestError("pipelines: %s: want to hold out at least as many images as there are copies of one, since copies stay together, got %d: raise data.validation, or remove copies", all.Name(), d.Validation)
	}
	if d.Train == 0 { // of copies, which stay together, fewer may be held out than were asked for
		train = n - len(held)
	}
	part := func(indices []int) (Source, error) {
		slices.Sort(indices)
		return Subset(all, indices)
	}
	var s Splits
	var err error
	if d.Validation > 0 {
		if s.Validation, err = part(held); err != nil {
			return Splits{}, err
		}
	}
	s.Train, err = part(order[:train:train])
	return s, err
}
