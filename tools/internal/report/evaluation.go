package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"unwarp/attacks/checks"
	"unwarp/trainer"
)

// Evaluated is an evaluation without attack, with intervals and the accuracy of
// each class.
type Evaluated struct {
	Run        string `json:"run"`
	Checkpoint string `json:"checkpoint"` // last or best
	Step       int    `json:"step"`       // of training, at the checkpoint
	Set        string `json:"set"`
	Part       string `json:"part"` // train, validation or test
	trainer.Evaluation
	Interval [2]float64 `json:"interval"`  // of the accuracy: Wilson, 95 %
	PerClass []Class    `json:"per_class"` // by label
}

// Class is the accuracy on the images of one class.
type Class struct {
	Images   int        `json:"images"`
	Right    int        `json:"right"`
	Accuracy float64    `json:"accuracy"` // 0 without images
	Interval [2]float64 `json:"interval"` // Wilson, 95 %
}

// AddIntervals computes intervals and classes from the confusion matrix.
func (e *Evaluated) AddIntervals() {
	right := 0
	for k, row := range e.Confusion {
		c := Class{Right: row[k]}
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

// Print prints the accuracy, class by class.
func (e Evaluated) Print(w io.Writer) {
	fmt.Fprintf(w, "%s, checkpoint %s (step %d), on %d %s images of %s\n", e.Run, e.Checkpoint, e.Step, e.Images, e.Part, e.Set)
	fmt.Fprintf(w, "accuracy        %.2f %% (95 %% interval %.2f to %.2f)\n", 100*e.Accuracy, 100*e.Interval[0], 100*e.Interval[1])
	fmt.Fprintf(w, "cross-entropy   %.4f nats\n", e.Loss)
	if e.Reconstruction > 0 {
		fmt.Fprintf(w, "reconstruction  %.4g per image, in the norm of the objective\n", e.Reconstruction)
	}
	fmt.Fprintln(w)
	if len(e.Confusion) <= maxTableClasses {
		e.printConfusion(w)
	} else {
		e.printWorstClasses(w)
	}
	e.printMistakes(w)
}

// printConfusion prints the confusion matrix with the accuracy of each class beside it.
func (e Evaluated) printConfusion(w io.Writer) {
	n := len(e.Confusion)
	widths := make([]int, n)
	for k := range n {
		widths[k] = len(fmt.Sprint(k))
		for _, row := range e.Confusion {
			widths[k] = max(widths[k], len(fmt.Sprint(row[k])))
		}
	}
	fmt.Fprintf(w, "%5s ", "class")
	for k, width := range widths {
		fmt.Fprintf(w, " %*d", width, k)
	}
	fmt.Fprintf(w, "  %6s   (rows: true class, columns: predicted)\n", "right")
	for k, row := range e.Confusion {
		fmt.Fprintf(w, "%5d ", k)
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
// too many for a table.
func (e Evaluated) printWorstClasses(w io.Writer) {
	order := make([]int, len(e.PerClass))
	for k := range order {
		order[k] = k
	}
	order = slices.DeleteFunc(order, func(k int) bool { return e.PerClass[k].Images == 0 })
	slices.SortStableFunc(order, func(a, b int) int {
		if d := e.PerClass[a].Accuracy - e.PerClass[b].Accuracy; d != 0 {
			return int(math.Copysign(1, d))
		}
		return 0
	})
	fmt.Fprintf(w, "the classes with the lowest accuracy, of %d (all: --json)\n%5s  %6s  %6s\n", len(e.PerClass), "class", "images", "right")
	for _, k := range order[:min(10, len(order))] {
		fmt.Fprintf(w, "%5d  %6d  %s\n", k, e.PerClass[k].Images, formatAccuracy(e.PerClass[k]))
	}
}

func formatAccuracy(c Class) string {
	if c.Images == 0 {
		return "  none"
	}
	return fmt.Sprintf("%5.1f%%", 100*c.Accuracy)
}

// printMistakes lists the most frequent confusions.
func (e Evaluated) printMistakes(w io.Writer) {
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
		words = append(words, fmt.Sprintf("%d as %d (%d)", m.from, m.to, m.n))
	}
	fmt.Fprintf(w, "\nmost frequent mistakes: %s\n", strings.Join(words, ", "))
}
