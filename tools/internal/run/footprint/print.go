package footprint

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/setup/doctor"
)

// Print prints the model layer by layer, and what its training takes,
// on a terminal of so many columns, 0 for any.
func (m *Model) Print(w io.Writer, columns int) {
	report.WriteLine(w, columns, printable.Text(m.title()))
	fmt.Fprintln(w)
	rows := [][]string{{"layer", "op", "output", "parameters"}}
	for _, l := range m.Layers {
		rows = append(rows, []string{l.Name, l.Op, FormatShape(l.Shape), fmt.Sprintf("%13s", FormatNumber(l.Parameters))})
	}
	report.PrintTable(w, columns, rows)
	fmt.Fprintf(w, "\nparameters   %s", FormatNumber(m.Parameters))
	if rest := m.Parameters - m.Trainable; rest > 0 {
		fmt.Fprintf(w, ", of which %s are statistics", FormatNumber(rest))
	}
	fmt.Fprintln(w)
	if m.Training != nil {
		m.Training.print(w)
	}
	if m.Format != "" {
		m.printEnds(w)
	}
}

// title says what is described.
func (m *Model) title() string {
	text := m.Name + ": "
	switch {
	case m.Format != "":
		text += m.Format + ", "
	case m.Kind != "":
		text += fmt.Sprintf("%s (%s), ", m.Kind, m.Encoder)
	}
	text += "images of " + m.Image
	if m.Classes > 0 {
		text += fmt.Sprintf(" in %d classes", m.Classes)
	} else {
		text += ", of how many classes the file does not tell"
	}
	return text
}

// printEnds says at which layers of a file an encoder may end.
func (m *Model) printEnds(w io.Writer) {
	if m.Hidden == "" {
		fmt.Fprintln(w, "encoder      model.encoder needs output=LAYER, one of these: no product of matrices stands at the end")
		return
	}
	fmt.Fprintf(w, "encoder      model.encoder ends at %s (hidden); output=LAYER names another, output=scores the scores\n", printable.Text(m.Hidden))
}

func (t *Training) print(w io.Writer) {
	fmt.Fprintf(w, "memory       about %s in training, with batches of %d\n", formatSize(int64(t.Memory)), t.Batch)
	fmt.Fprintf(w, "checkpoints  %s to resume from", formatSize(t.Checkpoints.Last))
	if t.Checkpoints.Best > 0 {
		fmt.Fprintf(w, ", %s for the best", formatSize(t.Checkpoints.Best))
	}
	fmt.Fprintf(w, "\ndisk         about %s at the end, at most %s meanwhile\n", formatSize(t.Disk), formatSize(t.Peak))
	if t.Steps > 0 {
		fmt.Fprintf(w, "steps        %s\n", FormatNumber(int64(t.Steps)))
	}
	if r := t.Trial; r != nil {
		fmt.Fprintf(w, "time         about %s: %s a step, of %d that were tried", r.Duration().Round(time.Second), r.PerStep.Round(100*time.Microsecond), r.Tried)
		if r.Evaluations > 0 {
			each := time.Duration(r.Validation) * r.PerImage
			fmt.Fprintf(w, ", and %d evaluations of %s", r.Evaluations, each.Round(10*time.Millisecond))
		}
		fmt.Fprintln(w)
	}
}

// Line is the model and its training in one line.
func (m *Model) Line() string {
	t := m.Training
	row, share := m.Largest()
	return fmt.Sprintf("%s parameters (%.0f %% in %s), about %s of memory, checkpoints of %s, up to %s on the disk, %s steps",
		FormatNumber(m.Parameters), 100*share, row.Name, formatSize(int64(t.Memory)), formatSize(t.Checkpoints.Last), formatSize(t.Peak), FormatNumber(int64(t.Steps)))
}

// formatSize writes a number of bytes.
func formatSize(n int64) string { return doctor.FormatSize(n) }

// FormatShape writes the shape of one image's output.
func FormatShape(dims []int64) string {
	if len(dims) == 0 {
		return "?"
	}
	var words []string
	for _, d := range dims {
		word := "?"
		if d >= 0 {
			word = strconv.FormatInt(d, 10)
		}
		words = append(words, word)
	}
	return strings.Join(words, "x")
}

// FormatNumber writes a number with a comma before each three digits.
func FormatNumber(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
