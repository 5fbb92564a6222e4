package report

import (
	"fmt"

	"unwarp/tools/internal/drawing"
	"unwarp/trainer"
)

// DrawRates draws a learning-rate range test as a PNG: the loss over the rate, smoothed and as
// it was, and the suggestion as an upright line.
func DrawRates(t trainer.RateTest) ([]byte, error) {
	var raw, smoothed drawing.Curve
	low, high := t.Points[0].Smoothed, t.Points[0].Smoothed
	for _, q := range t.Points {
		raw.X, raw.Y = append(raw.X, q.Rate), append(raw.Y, q.Loss)
		smoothed.X, smoothed.Y = append(smoothed.X, q.Rate), append(smoothed.Y, q.Smoothed)
		low, high = min(low, q.Smoothed, q.Loss), max(high, q.Smoothed)
	}
	raw.Name, smoothed.Name = "each step", "smoothed"
	panel := drawing.CurvePanel{Title: "Training loss", Most: low + 1.1*(high-low) + 1e-9, Curves: []drawing.Curve{raw, smoothed}}
	if t.Suggestion > 0 {
		panel.Curves = append(panel.Curves, drawing.Curve{Name: fmt.Sprintf("suggestion, %.2g", t.Suggestion), X: []float64{t.Suggestion, t.Suggestion}, Y: []float64{low, high}})
	}
	return drawing.Curves{X: "learning rate", Log: true, Panels: []drawing.CurvePanel{panel}}.PNG()
}
