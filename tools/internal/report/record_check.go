package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// Bounds of what an evaluation can hold: what lies beyond them comes from a file
// that was damaged or made up.
const (
	maxRecordBytes = 1 << 30
	maxSide        = 1 << 15
	maxClasses     = 1 << 20
	maxImages      = 1 << 24
	maxCount       = 1 << 36 // of passes on one image
	maxSize        = 1e9     // of radii and distances
	maxSeconds     = 1e10
)

// check refuses records that this program cannot have written: lists of different
// lengths, which would be indexed out of range, words that mean nothing, numbers
// that are none. Other texts may hold anything; they are made printable where they
// are shown.
func (r *Record) check() error {
	if r.Format != RecordFormat {
		return fmt.Errorf("want an evaluation of format %d, got %d", RecordFormat, r.Format)
	}
	for _, check := range []func() error{r.checkAbout, r.checkEvaluation, r.checkClasses, r.checkProofs} {
		if err := check(); err != nil {
			return err
		}
	}
	for k := range r.Evaluation.Attacks {
		if err := r.checkAttack(k); err != nil {
			return err
		}
	}
	return r.checkChecks()
}

func (r *Record) checkAbout() error {
	for i, n := range r.Shape {
		if err := checkRange(fmt.Sprintf("shape[%d]", i), n, maxSide); err != nil {
			return err
		}
	}
	if err := checkRange("shards", r.Shards, attacks.MaxShards); err != nil {
		return err
	}
	if n := len(r.ClassNames); n > 0 && n != r.Classes {
		return fieldError("class_names", fmt.Sprintf("a name for each of %d classes", r.Classes), n)
	}
	if err := checkRadii("asked", r.Asked); err != nil {
		return err
	}
	return checkRange("classes", r.Classes, maxClasses)
}

func (r *Record) checkEvaluation() error {
	e := &r.Evaluation
	if err := checkRange("evaluation.images", e.Images, maxImages); err != nil {
		return err
	}
	if len(e.Labels) != e.Images || len(e.Clean) != e.Images || len(e.Index) != e.Images {
		return fmt.Errorf("evaluation.labels, clean, index: want a label, a class and an index for each of %d images, got %d, %d and %d", e.Images, len(e.Labels), len(e.Clean), len(e.Index))
	}
	if err := firstError(
		checkRange("evaluation.lattice", e.Lattice, attacks.MaxLattice),
		checkRange("evaluation.pixels", e.Pixels, maxSide*maxSide),
		checkRange("evaluation.seconds", e.Seconds, maxSeconds), checkCost("evaluation.cost.", e.Cost, maxCount*maxImages),
		r.checkThreat(), checkRadii("evaluation.radii", e.Radii),
	); err != nil {
		return err
	}
	right := 0
	for i := range e.Images {
		if e.Correct(i) {
			right++
		}
	}
	if right != e.CleanCorrect {
		return fmt.Errorf("evaluation.clean_correct: want %d images right without attack, as the classes say, got %d", right, e.CleanCorrect)
	}
	return nil
}

// checkClasses refuses labels and predictions that are no class.
func (r *Record) checkClasses() error {
	e := &r.Evaluation
	for i := range e.Images {
		if err := firstError(
			r.checkClass("label", int(e.Labels[i])), r.checkClass("clean", int(e.Clean[i])), checkRange("index", e.Index[i], 1<<40),
		); err != nil {
			return fmt.Errorf("evaluation, image %d: %w", i, err)
		}
	}
	return nil
}

func (r *Record) checkClass(field string, class int) error {
	if class >= 0 && (class < r.Classes || r.Classes == 0) {
		return nil
	}
	return fieldError(field, fmt.Sprintf("a class below %d", r.Classes), class)
}

var checkID = regexp.MustCompile(`^C[0-9]{2}$`)

func (r *Record) checkChecks() error {
	for i, c := range r.Checks {
		field := fmt.Sprintf("checks[%d]", i)
		if !checkID.MatchString(c.ID) {
			return fieldError(field+".id", "C and two digits", c.ID)
		}
		if err := checkWord(field+".status", c.Status, checks.Pass, checks.Warn, checks.Fail, checks.Skip); err != nil {
			return err
		}
		for _, image := range c.Images {
			if err := checkRange(field+".images", image, 1<<40); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRadii refuses radii that are not ascending or not positive.
func checkRadii(field string, radii []float32) error {
	for i, eps := range radii {
		if err := checkRange(fmt.Sprintf("%s[%d]", field, i), eps, maxSize); err != nil {
			return err
		}
		if i > 0 && eps <= radii[i-1] {
			return fieldError(field, "radii in ascending order", radii)
		}
	}
	return nil
}

func checkCost(field string, c attacks.Cost, most float64) error {
	return firstError(checkRange(field+"forward", c.Forward, most), checkRange(field+"backward", c.Backward, most), checkRange(field+"referee", c.Referee, most))
}

// fieldError says which field of a record is wrong: what is wanted and what it
// holds.
func fieldError(field, want string, got any) error {
	text := fmt.Sprint(got)
	if s, ok := got.(string); ok {
		text = fmt.Sprintf("%q", shortName(s))
	}
	return fmt.Errorf("%s: want %s, got %s", field, want, shortName(text))
}

// checkRange refuses numbers outside 0..most.
func checkRange[N int | float32 | float64](field string, n N, most float64) error {
	if v := float64(n); !(v >= 0 && v <= most) {
		return fieldError(field, "0 to "+strconv.FormatFloat(most, 'f', -1, 64), n)
	}
	return nil
}

// checkWord refuses words that are none of known.
func checkWord[W ~string](field string, word W, known ...W) error {
	if slices.Contains(known, word) {
		return nil
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	return fieldError(field, "one of "+strings.Join(words, ", "), string(word))
}

// firstError returns the first error that is not nil.
func firstError(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}
