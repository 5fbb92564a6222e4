package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"unwarp/trainer"
)

// DrawRates draws a learning-rate range test as a PNG: the loss over the rate, smoothed and as
// it was, and the suggestion as an upright line.
func DrawRates(t trainer.RateTest) ([]byte, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "learning-rate range test", "learning rate", "training loss"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(decades)
	if err := addRates(p, t); err != nil {
		return nil, fmt.Errorf("report: rates: %w", err)
	}
	c := vgimg.NewWith(vgimg.UseWH(16*vg.Centimeter, 10*vg.Centimeter), vgimg.UseDPI(110), vgimg.UseBackgroundColor(color.White))
	p.Draw(draw.New(c))
	var b bytes.Buffer
	_, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b)
	return b.Bytes(), err
}

// decades are ticks at powers of ten, with nine between them.
func decades(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for k := 1.; k < 10; k++ {
			t := plot.Tick{Value: k * math.Pow(10, e)}
			if k == 1 {
				t.Label = fmt.Sprintf("%.0e", t.Value)
			}
			if t.Value >= low*.999 && t.Value <= high*1.001 {
				ticks = append(ticks, t)
			}
		}
	}
	return ticks
}

// rateLine is a line of the chart.
type rateLine struct {
	name  string
	xy    plotter.XYs
	color color.Color
	width vg.Length
}

func addRates(p *plot.Plot, t trainer.RateTest) error {
	var raw, smoothed plotter.XYs
	low, high := t.Points[0].Smoothed, t.Points[0].Smoothed
	for _, q := range t.Points {
		raw, smoothed = append(raw, plotter.XY{X: q.Rate, Y: q.Loss}), append(smoothed, plotter.XY{X: q.Rate, Y: q.Smoothed})
		low, high = min(low, q.Smoothed, q.Loss), max(high, q.Smoothed)
	}
	lines := []rateLine{{"each step", raw, color.Gray{190}, .8}, {"smoothed", smoothed, color.RGBA{31, 90, 180, 255}, 2}}
	if t.Suggestion > 0 {
		lines = append(lines, rateLine{fmt.Sprintf("suggestion, %.2g", t.Suggestion), plotter.XYs{{X: t.Suggestion, Y: low}, {X: t.Suggestion, Y: high}}, color.RGBA{200, 60, 30, 255}, 1.4})
	}
	for _, l := range lines {
		line, err := plotter.NewLine(l.xy)
		if err != nil {
			return err
		}
		line.Color, line.Width = l.color, l.width
		p.Add(line)
		p.Legend.Add(l.name, line)
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Y.Min, p.Y.Max = low, low+1.1*(high-low)+1e-9
	return nil
}
