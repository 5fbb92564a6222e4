package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"unwarp/attacks/checks"
	"unwarp/tools/internal/printable"
	"unwarp/trainer"
)

// Evaluated is an evaluation without attack, with intervals and the accuracy of
// each class.
type Evaluated struct {
	Run        string `json:"run"`
	Checkpoint string `json:"checkpoint"` // last or best
	Step       int    `json:"step"`       // of training, at the checkpoint
	Set        string `json:"set"`
	Part       string `json:"part"`                 // train, validation or test
	OtherData  string `json:"other_data,omitempty"` // how the images differ from that part of the training's set
	// ClassNames are the names of the classes, where the set has them.
	ClassNames []string `json:"class_names,omitempty"`
	trainer.Evaluation
	// NoScores tells that the model gives class numbers alone: there is no cross-entropy.
	NoScores bool       `json:"no_scores,omitempty"`
	Interval [2]float64 `json:"interval"`  // of the accuracy: Wilson, 95 %
	PerClass []Class    `json:"per_class"` // by label
}

// Class is the accuracy on the images of one class.
type Class struct {
	Name     string     `json:"name,omitempty"`
	Images   int        `json:"images"`
	Right    int        `json:"right"`
	Accuracy float64    `json:"accuracy"` // 0 without images
	Interval [2]float64 `json:"interval"` // Wilson, 95 %
}

// MarshalJSON leaves the cross-entropy out where there is none.
func (e Evaluated) MarshalJSON() ([]byte, error) {
	type all Evaluated
	if !e.NoScores {
		return json.Marshal(all(e))
	}
	return json.Marshal(struct {
		all
		Loss *float64 `json:"loss,omitempty"` // instead of that of the evaluation
	}{all: all(e)})
}

// AddIntervals computes intervals and classes from the confusion matrix.
func (e *Evaluated) AddIntervals() {
	right := 0
	for k, row := range e.Confusion {
		c := Class{Right: row[k]}
		if k < len(e.ClassNames) {
			c.Name = e.ClassNames[k]
		}
		for _, n := range row {
			c.Images += n
		}
		c.Interval[0], c.Interval[1] = checks.Wilson(c.Right, c.Images)
		if c.Images > 0 {
			c.Accuracy = float64(c.Right) / float64(c.Images)
		}
		right += c.Right
		e.PerClass = append(e.PerClass, c)
	}
	e.Interval[0], e.Interval[1] = checks.Wilson(right, e.Images)
}

// maxTableClasses is the largest number of classes whose confusion matrix is
// printed.
const maxTableClasses = 20

// Print prints the accuracy, class by class, for a terminal of so many columns, 0
// for any.
func (e Evaluated) Print(w io.Writer, columns int) {
	columns = columnsOrDefault(columns)
	if e.Step > 0 { // an export does not say
		fmt.Fprintf(w, "trained for %s\n", printable.Count(e.Step, "step"))
	}
	wrapText(w, columns, "", "  ", fmt.Sprintf("accuracy        %.2f %% (95 %% interval %.2f to %.2f)", 100*e.Accuracy, 100*e.Interval[0], 100*e.Interval[1]))
	if e.Verified != nil {
		wrapText(w, columns, "", "  ", "verified        "+describeVerified(*e.Verified))
	}
	if e.Ties > 0 {
		wrapText(w, columns, "", "  ", fmt.Sprintf("ties            %d images whose label shares the largest logit: not correct", e.Ties))
	}
	if !e.NoScores {
		fmt.Fprintf(w, "cross-entropy   %.4f nats\n", e.Loss)
	}
	if e.Reconstruction > 0 {
		wrapText(w, columns, "", "  ", fmt.Sprintf("reconstruction  %.4g per image, in the norm of the objective", e.Reconstruction))
	}
	fmt.Fprintln(w)
	if widths := e.confusionWidths(); len(e.Confusion) <= maxTableClasses && besideConfusion+sum(widths)+len(widths) <= columns {
		e.printConfusion(w, widths, columns)
	} else {
		e.printWorstClasses(w, columns)
	}
	e.printMistakes(w, columns)
}

// besideConfusion is the room of a confusion matrix for class and accuracy.
const besideConfusion = 16

// confusionWidths are the widths of the columns of a confusion matrix.
func (e Evaluated) confusionWidths() []int {
	widths := make([]int, len(e.Confusion))
	for k := range widths {
		widths[k] = len(fmt.Sprint(k))
		for _, row := range e.Confusion {
			widths[k] = max(widths[k], len(fmt.Sprint(row[k])))
		}
	}
	return widths
}

// nameColumn returns the names of the classes as a column of equal widths, of at
// most room columns; "" where there are none or there is no room.
func (e Evaluated) nameColumn(room int) func(k int) string {
	const shortest, longest = 4, 24
	width := 0
	for _, c := range e.PerClass {
		width = max(width, printable.Width(printable.Text(c.Name)))
	}
	if width = min(width, longest, room-1); width < shortest && width < room-1 && width > 0 {
		width = min(shortest, room-1)
	}
	return func(k int) string {
		if width <= 0 {
			return ""
		}
		name := ""
		if k >= 0 {
			name = printable.Cut(printable.Text(e.PerClass[k].Name), width)
		}
		return " " + name + strings.Repeat(" ", width-printable.Width(name))
	}
}

// printConfusion prints the confusion matrix with the accuracy of each class beside it.
func (e Evaluated) printConfusion(w io.Writer, widths []int, columns int) {
	name := e.nameColumn(columns - besideConfusion - sum(widths) - len(widths))
	fmt.Fprintf(w, "%5s%s ", "class", name(-1))
	for k, width := range widths {
		fmt.Fprintf(w, " %*d", width, k)
	}
	fmt.Fprintf(w, "  %6s", "right")
	legend := "(rows: true class, columns: predicted)"
	if besideConfusion+sum(widths)+len(widths)+len(name(-1))+2+len(legend) <= columns {
		fmt.Fprintf(w, "   %s\n", legend)
	} else {
		fmt.Fprintln(w)
		defer wrapText(w, columns, "", "", legend)
	}
	for k, row := range e.Confusion {
		fmt.Fprintf(w, "%5d%s ", k, name(k))
		for j, v := range row {
			text := fmt.Sprint(v)
			if v == 0 {
				text = "."
			}
			fmt.Fprintf(w, " %*s", widths[j], text)
		}
		fmt.Fprintf(w, "  %s\n", formatAccuracy(e.PerClass[k]))
	}
}

// printWorstClasses lists the classes with the lowest accuracy, where there are
// too many for a table or it is too wide.
func (e Evaluated) printWorstClasses(w io.Writer, columns int) {
	order := make([]int, len(e.PerClass))
	for k := range order {
		order[k] = k
	}
	order = slices.DeleteFunc(order, func(k int) bool { return e.PerClass[k].Images == 0 })
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(e.PerClass[a].Accuracy, e.PerClass[b].Accuracy) })
	const beside = 23
	name := e.nameColumn(columns - beside)
	wrapText(w, columns, "", "", fmt.Sprintf("the classes with the lowest accuracy, of %d (all: --json)", len(e.PerClass)))
	fmt.Fprintf(w, "%5s%s  %6s  %6s\n", "class", name(-1), "images", "right")
	for _, k := range order[:min(10, len(order))] {
		fmt.Fprintf(w, "%5d%s  %6d  %s\n", k, name(k), e.PerClass[k].Images, formatAccuracy(e.PerClass[k]))
	}
}

func sum(all []int) (n int) {
	for _, v := range all {
		n += v
	}
	return n
}

func formatAccuracy(c Class) string {
	if c.Images == 0 {
		return "  none"
	}
	return fmt.Sprintf("%5.1f%%", 100*c.Accuracy)
}

// nameClass names a class in a sentence: by its name, or its number where it has
// none.
func (e Evaluated) nameClass(k int) string {
	if name := e.PerClass[k].Name; strings.TrimSpace(name) != "" {
		return shortName(name)
	}
	return fmt.Sprint(k)
}

// printMistakes lists the most frequent confusions.
func (e Evaluated) printMistakes(w io.Writer, columns int) {
	type mistake struct{ from, to, n int }
	var all []mistake
	for i, row := range e.Confusion {
		for j, n := range row {
			if i != j && n > 0 {
				all = append(all, mistake{i, j, n})
			}
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b mistake) int { return b.n - a.n })
	var words []string
	for _, m := range all[:min(5, len(all))] {
		words = append(words, fmt.Sprintf("%s as %s (%d)", e.nameClass(m.from), e.nameClass(m.to), m.n))
	}
	fmt.Fprintln(w)
	wrapText(w, columns, "", "  ", "most frequent mistakes: "+strings.Join(words, ", "))
}
