package drawing

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
)

// decades are ticks at powers of ten, with eight between them.
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
