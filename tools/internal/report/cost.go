package report

import (
	"fmt"
	"io"
	"strconv"

	"unwarp/attacks"
)

// Spent is what attacks cost: passes of single images through the model, those
// that verify included, and seconds. Attacks share batches, so the seconds of one
// are its part by passes.
type Spent struct {
	Passes  int     `json:"passes"`
	Seconds float64 `json:"seconds"`
	// Broken is how many images were misclassified within the largest radius, or at
	// any distance where no radius bounds the change.
	Broken int `json:"broken"`
	// PassesPerBroken and SecondsPerBroken are for one of them, 0 where there is none.
	PassesPerBroken  float64 `json:"passes_per_broken"`
	SecondsPerBroken float64 `json:"seconds_per_broken"`
}

// newSpent divides by the images that were broken.
func newSpent(c attacks.Cost, seconds float64, broken int) Spent {
	s := Spent{Passes: c.Forward + c.Backward + c.Referee, Seconds: seconds, Broken: broken}
	if broken > 0 {
		s.PassesPerBroken, s.SecondsPerBroken = float64(s.Passes)/float64(broken), seconds/float64(broken)
	}
	return s
}

// addSpent takes in what each attack and all of them cost; their times are known.
func (f *SummaryData) addSpent(e *attacks.Evaluation) {
	of, all := make([]int, len(f.Attacks)), 0
	for i := range e.Images {
		broken := false
		for k := range f.Attacks {
			if isBroken(e, k, i, f.Attacks[k].NoRadius) {
				of[k]++
				broken = true
			}
		}
		if broken {
			all++
		}
	}
	for k := range f.Attacks {
		a := &f.Attacks[k]
		a.Spent = newSpent(a.Cost, a.Seconds, of[k])
	}
	f.Spent = newSpent(e.Cost, f.Seconds, all)
}

// isBroken tells whether attack k has made the model misclassify image i, as
// [Spent.Broken] counts it.
func isBroken(e *attacks.Evaluation, k, i int, noRadius bool) bool {
	r, radii := e.Attacks[k].Results[i], e.Attacks[k].Radii
	if !e.Correct(i) || !wasRun(r) {
		return false
	}
	return noRadius && r.Found() || len(radii) > 0 && e.Misclassified(k, i, radii[len(radii)-1])
}

// printCost prints a row for each attack that was run, and one for all.
func (f SummaryData) printCost(w io.Writer, columns int) {
	if f.Spent.Passes == 0 || f.Seconds == 0 {
		return
	}
	rows := []textRow{{cells: []string{"images", "passes", "seconds", "broken", "passes", "seconds"}}}
	for _, a := range f.Attacks {
		if a.wasRun() {
			rows = append(rows, textRow{a.label(), append([]string{strconv.Itoa(a.Attempted)}, a.Spent.cells()...)})
		}
	}
	rows = append(rows, textRow{"all, with the images without attack", append([]string{strconv.Itoa(f.Images)}, f.Spent.cells()...)})
	wrapText(w, columns, "", "  ", "cost of each attack: images it ran on, passes and seconds in all, images broken, and passes and seconds for each of these")
	printRows(w, columns, rows)
}

// cells are passes, seconds and images broken, and both for each of them.
func (s Spent) cells() []string {
	out := []string{strconv.Itoa(s.Passes), fmt.Sprintf("%.1f", s.Seconds), strconv.Itoa(s.Broken)}
	if s.Broken == 0 {
		return append(out, "–", "–")
	}
	return append(out, strconv.FormatFloat(s.PassesPerBroken, 'f', 0, 64), strconv.FormatFloat(s.SecondsPerBroken, 'g', 2, 64))
}
