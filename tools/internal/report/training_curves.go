package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/drawing"
	"unwarp/trainer"
)

// trainingLine is what a picture shows of a line of metrics.jsonl.
type trainingLine struct {
	Kind           string
	Step           float64
	Rate           float64
	Loss           *float64
	Classification *float64
	Reconstruction *float64
	Divergence     *float64
	CodeChange     *float64 `json:"code_change"`
	WorstCase      *float64 `json:"worst_case"`
	Accuracy       *float64 // in lines of training; earlier versions lack it
	Evaluation     *trainer.Evaluation
}

// curvePoints is the most points of a curve: more are averaged.
const curvePoints = 240

// WriteCurves draws losses, accuracies and the learning rate against the step, from
// the metrics of the run in dir.
func WriteCurves(dir string) (string, error) {
	lines, err := readTraining(filepath.Join(dir, trainer.MetricsFile))
	if err != nil {
		return "", err
	}
	raw, err := trainingCurves(lines).PNG()
	if err != nil {
		return "", err
	}
	return WritePicture(dir, "curves.png", raw)
}

func readTraining(path string) (lines []trainingLine, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("pictures: %w", files.NotRead(path, err))
	}
	for text := range bytes.Lines(raw) {
		var l trainingLine
		if json.Unmarshal(text, &l) == nil { // the end of a killed session is none
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// trainingCurves are the panels of a training.
func trainingCurves(lines []trainingLine) drawing.Curves {
	curve := func(name string, of func(l trainingLine) *float64) drawing.Curve { return newCurve(name, lines, of) }
	loss := drawing.CurvePanel{Title: "Loss", Curves: withPoints(
		curve("training, all terms", func(l trainingLine) *float64 { return l.Loss }),
		curve("validation, cross-entropy", ofEvaluation(func(e *trainer.Evaluation) *float64 { return &e.Loss })),
		curve("classification", ifSeveral(func(l trainingLine) *float64 { return l.Classification })),
		curve("reconstruction", func(l trainingLine) *float64 { return l.Reconstruction }),
		curve("divergence", func(l trainingLine) *float64 { return l.Divergence }),
		curve("code change", func(l trainingLine) *float64 { return l.CodeChange }),
		curve("worst case", func(l trainingLine) *float64 { return l.WorstCase }),
	)}
	accuracy := drawing.CurvePanel{Title: "Accuracy", Share: true, Curves: withPoints(
		smoothCurve(curve("training", func(l trainingLine) *float64 { return l.Accuracy })),
		curve("validation", ofEvaluation(func(e *trainer.Evaluation) *float64 { return &e.Accuracy })),
		curve("under attack", ofEvaluation(func(e *trainer.Evaluation) *float64 {
			if e.Attacked == nil {
				return nil
			}
			return &e.Attacked.Accuracy
		})),
		curve("verified", ofEvaluation(func(e *trainer.Evaluation) *float64 {
			if e.Verified == nil {
				return nil
			}
			return &e.Verified.Accuracy
		})),
	)}
	rate := drawing.CurvePanel{Title: "Learning rate", Curves: withPoints(curve("", func(l trainingLine) *float64 {
		if l.Loss == nil {
			return nil
		}
		return &l.Rate
	}))}
	c := drawing.Curves{X: "step"}
	for _, p := range []drawing.CurvePanel{loss, accuracy, rate} {
		if len(p.Curves) > 0 {
			c.Panels = append(c.Panels, p)
		}
	}
	return c
}

// ofEvaluation reads a value of lines of evaluation.
func ofEvaluation(of func(e *trainer.Evaluation) *float64) func(l trainingLine) *float64 {
	return func(l trainingLine) *float64 {
		if l.Evaluation == nil {
			return nil
		}
		return of(l.Evaluation)
	}
}

// ifSeveral reads a term of the loss where it is not all of it.
func ifSeveral(of func(l trainingLine) *float64) func(l trainingLine) *float64 {
	return func(l trainingLine) *float64 {
		if x := of(l); x != nil && l.Loss != nil && *x != *l.Loss {
			return x
		}
		return nil
	}
}

// newCurve is the values of the lines that have one, averaged to [curvePoints].
func newCurve(name string, lines []trainingLine, of func(l trainingLine) *float64) drawing.Curve {
	c := drawing.Curve{Name: name}
	for _, l := range lines {
		if y := of(l); y != nil {
			c.X, c.Y = append(c.X, l.Step), append(c.Y, *y)
		}
		c.Points = c.Points || l.Evaluation != nil && of(l) != nil
	}
	per := (len(c.X) + curvePoints - 1) / curvePoints
	c.X, c.Y = averageBy(c.X, per), averageBy(c.Y, per)
	return c
}

// smoothedShare is the part of a training that a value of a smoothed curve is the mean of.
const smoothedShare = .08

// smoothCurve has for each value the mean of those around it: the accuracy of a step is that of a
// batch alone.
func smoothCurve(c drawing.Curve) drawing.Curve {
	side := int(smoothedShare / 2 * float64(len(c.Y)))
	if side == 0 {
		return c
	}
	y := make([]float64, len(c.Y))
	for i := range y {
		y[i] = averageBy(c.Y[max(0, i-side):min(len(y), i+side+1)], len(y))[0]
	}
	c.Y, c.Name = y, fmt.Sprintf("%s, mean of %d values", c.Name, 2*side+1)
	return c
}

// averageBy is the means of n values each.
func averageBy(x []float64, n int) (out []float64) {
	for i := 0; i < len(x) && n > 0; i += n {
		part, sum := x[i:min(i+n, len(x))], 0.
		for _, v := range part {
			sum += v
		}
		out = append(out, sum/float64(len(part)))
	}
	return out
}

// withPoints are the curves that have some.
func withPoints(all ...drawing.Curve) (some []drawing.Curve) {
	for _, c := range all {
		if len(c.X) > 0 {
			some = append(some, c)
		}
	}
	return some
}
