package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"unwarp/attacks"
	"unwarp/graphs/spec"
)

// Side is the end of an interval that a requirement asks about.
type Side string

// Sides. Either takes the proven lower bound where that suffices, otherwise the
// upper bound that attacks give, if no check speaks against it.
const (
	Either   Side = ""
	Proven   Side = "proven"   // the lower bound, by proofs
	Attacked Side = "attacked" // the upper bound, by attacks, whatever checks say
)

// confident asks for a figure with 95 % confidence, for all images like these.
const confident = "confident"

// cleanWord stands in the place of a threat for the accuracy without attack.
const cleanWord = "clean"

// Requirement is a share of the images that has to stay right, or may at most:
//
//	linf .1 >= 70%                 accuracy under any change within eps .1
//	linf 8/255 proven >= 50%       the proven lower bound alone
//	rotate(30) 10 attacked >= 80%  what these attacks leave, whatever checks say
//	linf .3 confident <= 5%        with 95 % confidence, for all images like these
//	clean >= 95%                   accuracy without attack
//
// "at least" and "at most" are understood. A geometric threat without a size is
// all of it.
type Requirement struct {
	Clean     bool
	Threat    attacks.Threat // not of Clean
	Size      float32        // eps, or a size of the geometric threat
	Side      Side
	Confident bool
	AtMost    bool
	Percent   float64
}

// wantRequirement says how a requirement is written.
const wantRequirement = `want a threat, its size and a share, such as "linf .1 >= 70%", "linf .1 proven >= 50%" or "clean >= 95%"`

// relations are the words of a relation; true for "at most".
var relations = []struct {
	text   string
	atMost bool
}{{">=", false}, {"<=", true}, {"≥", false}, {"≤", true}, {"at least", false}, {"at most", true}}

// ParseRequirement reads a requirement.
func ParseRequirement(text string) (Requirement, error) {
	r, err := parseRequirement(text)
	if err != nil {
		return r, fmt.Errorf("%.60q: %w", text, err)
	}
	return r, nil
}

func parseRequirement(text string) (r Requirement, err error) {
	left, share, found := "", "", false
	for _, relation := range relations {
		if left, share, found = strings.Cut(text, relation.text); found {
			r.AtMost = relation.atMost
			break
		}
	}
	if !found {
		return r, errors.New(wantRequirement)
	}
	if r.Percent, err = parsePercent(share); err != nil {
		return r, err
	}
	words := strings.Fields(left)
	for len(words) > 0 && r.takeWord(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	switch {
	case len(words) == 0:
		return r, errors.New(wantRequirement)
	case len(words) == 1 && words[0] == cleanWord:
		if r.Clean = true; r.Side != Either {
			return r, fmt.Errorf("want no %q of the accuracy without attack, which is measured", r.Side)
		}
		return r, nil
	}
	return r, r.parseThreat(words)
}

// takeWord takes in a word that stands before the relation; false for any other.
func (r *Requirement) takeWord(word string) bool {
	switch {
	case word == confident && !r.Confident:
		r.Confident = true
	case (word == string(Proven) || word == string(Attacked)) && r.Side == Either:
		r.Side = Side(word)
	default:
		return false
	}
	return true
}

// parseThreat reads a threat with its size.
func (r *Requirement) parseThreat(words []string) (err error) {
	last := len(words) - 1
	size, sizeErr := spec.ParseNumber(strings.TrimSuffix(words[last], "px"))
	if hasSize := sizeErr == nil && last > 0; hasSize {
		words = words[:last]
	}
	text := strings.Join(words, " ")
	if r.Threat, err = attacks.ParseThreat(text); err != nil {
		var unknown *spec.UnknownError
		if errors.As(err, &unknown) && unknown.What == "" { // of the names, geometry knows its own
			err = fmt.Errorf("threat: %w", &spec.UnknownError{Got: unknown.Got, Known: unknown.Known})
		}
		return suggestName(err, nil)
	}
	switch {
	case sizeErr == nil:
		r.Size = size
		return r.Threat.Admits([]float32{size})
	case r.Threat.IsGeometric():
		r.Size = float32(r.Threat.Geometry.Size())
		return nil
	}
	return fmt.Errorf("want eps after %s: %s", text, wantRequirement)
}

// parsePercent reads a share in per cent.
func parsePercent(text string) (float64, error) {
	number, is := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !is || err != nil || !(v >= 0 && v <= 100) {
		return 0, fmt.Errorf("want a share from 0%% to 100%% after the relation, got %.20q", strings.TrimSpace(text))
	}
	return v, nil
}

// String writes the requirement as [ParseRequirement] reads it.
func (r Requirement) String() string {
	words := []string{cleanWord}
	if !r.Clean {
		words = []string{r.Threat.String(), spec.FormatNumber(r.Size)}
	}
	if r.Side != Either {
		words = append(words, string(r.Side))
	}
	if r.Confident {
		words = append(words, confident)
	}
	relation := ">="
	if r.AtMost {
		relation = "<="
	}
	return strings.Join(append(words, relation, strconv.FormatFloat(r.Percent, 'g', -1, 64)+"%"), " ")
}

// At is the size of an evaluation of threat t at one of some sizes that the
// requirement asks about; false where it is about another threat or size.
func (r Requirement) At(t attacks.Threat, sizes []float32) (float32, bool) {
	if r.Clean || t.Norm != r.Threat.Norm || kindOf(t) != kindOf(r.Threat) {
		return 0, false
	}
	i := slices.IndexFunc(sizes, func(s float32) bool { return math.Abs(float64(s-r.Size)) <= 1e-6*float64(r.Size) })
	if i < 0 {
		return 0, false
	}
	return sizes[i], true
}

// kindOf is a threat without its size, as text: the same of rotate(30) and
// rotate(10). The size of a sum is a share of its limits, which are part of its
// kind.
func kindOf(t attacks.Threat) string {
	const any = .5 // each kind has this size
	if t.IsGeometric() && t.Geometry.Unit() != "share" {
		if g, err := t.Geometry.At(any); err == nil {
			return g.String()
		}
	}
	return t.String()
}

// Requirements parses attack.require.
func (a Attack) Requirements() ([]Requirement, error) {
	var all []Requirement
	for _, text := range a.Require {
		r, err := ParseRequirement(text)
		if err != nil {
			return nil, fmt.Errorf("attack.require (--require): %w", err)
		}
		all = append(all, r)
	}
	return all, nil
}

// Measures tells whether the evaluation that a describes has the figure that a
// requirement asks for.
func (a Attack) Measures(r Requirement) bool {
	if a.MeasuresCorruptions() {
		return false
	}
	if r.Clean {
		return true
	}
	t, err := a.ParseThreat()
	if err != nil {
		return false
	}
	sizes, err := a.ProofSizes()
	_, ok := r.At(t, sizes)
	return err == nil && ok
}

// CheckRequirements refuses requirements that none of the evaluations that list
// describes can decide.
func CheckRequirements(list ...Attack) error {
	if len(list) == 0 {
		return nil
	}
	all, err := list[0].Requirements()
	if err != nil {
		return err
	}
	for _, r := range all {
		i := slices.IndexFunc(list, func(a Attack) bool { return a.Measures(r) })
		switch {
		case i < 0 && r.Clean:
			return fmt.Errorf("--require %q: want a threat with attacks, got corruptions alone", r)
		case i < 0:
			return fmt.Errorf("--require %q: what is evaluated is %s: give it that threat and size (--eps, or --threat and --sizes)", r, listSizes(list))
		case r.Side == Proven && list[i].Certify == "":
			return fmt.Errorf("--require %q: nothing is proven without a method: give --certify", r)
		}
	}
	return nil
}

// listSizes names what is evaluated.
func listSizes(list []Attack) string {
	var words []string
	for _, a := range list {
		if t, err := a.ParseThreat(); err == nil {
			sizes, _ := a.ProofSizes()
			words = append(words, fmt.Sprintf("%s %s", t, strings.Join(strings.Fields(attacks.FormatRadii(sizes)), ", ")))
		}
	}
	return strings.Join(words, "; ")
}
