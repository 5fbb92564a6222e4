package checks

import (
	"fmt"
	"math"

	"unwarp/attacks/geometry"
)

// geometricChecks are the checks that apply to an evaluation of a geometric threat
// too. The others measure changes in a norm, or run attacks in a ball.
var geometricChecks = map[string]bool{
	"C02": true, "C12": true, "C13": true, "C14": true, "C15": true, "C27": true, "C30": true, "C31": true, "C35": true, "C36": true, "C37": true, "C40": true,
}

// geometricThreat is that of the evaluation; none of a norm.
func (c *checkContext) geometricThreat() geometry.Threat {
	if c.Evaluation == nil {
		return geometry.Threat{}
	}
	return c.Evaluation.Threat
}

func (c *checkContext) isGeometric() bool { return c.geometricThreat() != (geometry.Threat{}) }

// applies says why check k is not one of the evaluation's threat, "" if it is.
func (c *checkContext) applies(k Check) string {
	switch {
	case c.isGeometric() && !geometricChecks[k.ID]:
		return fmt.Sprintf("it is of changes within a norm, and the threat is %s", c.geometricThreat())
	case !c.isGeometric() && k.ID == "C40":
		return "it is of geometric threats"
	}
	return ""
}

// transformTolerance is by how much a value of a stored example may differ from
// the transform in float64: positions of float32 are off by a millionth of a
// pixel or so at sides of some dozens, and a value by as much times the
// difference of two neighbours.
const transformTolerance = 1e-4

// isTransform tells whether the example is what its parameters make of the clean
// image, within the threat at its size, by float64 arithmetic that shares nothing
// with the reference.
func (c *checkContext) isTransform(e example) bool {
	g, h, w := c.geometricThreat(), c.victim.H, c.victim.W
	at, err := g.At(min(e.distance, g.Size()))
	if err != nil || len(e.image) != len(e.clean) {
		return false
	}
	var from func(x, y int) (u, v float64)
	if g.IsField() {
		if len(e.field) != 2*h*w {
			return false
		}
		from = func(x, y int) (u, v float64) {
			i := 2 * (y*w + x)
			return float64(x) + float64(e.field[i]), float64(y) + float64(e.field[i+1])
		}
		if !withinField(at, e.field, h, w) {
			return false
		}
	} else if from = inverseMap(at, e.parameters, h, w); from == nil {
		return false
	}
	for i, want := range resample(e.clean, h, w, c.victim.C, g.Border == geometry.Edge, from) {
		if !(math.Abs(float64(e.image[i])-min(max(want, 0), 1)) <= transformTolerance) {
			return false
		}
	}
	return true
}

// withinField measures a field anew: each displacement, and the differences
// between neighbours.
func withinField(t geometry.Threat, field []float32, h, w int) bool {
	const slack = 1e-5
	for i, v := range field {
		d := float64(v)
		if !(math.Abs(d) <= t.Field+slack) {
			return false
		}
		if t.Smooth == 0 {
			continue
		}
		if i/2%w+1 < w && math.Abs(d-float64(field[i+2])) > t.Smooth+slack {
			return false
		}
		if i/2/w+1 < h && math.Abs(d-float64(field[i+2*w])) > t.Smooth+slack {
			return false
		}
	}
	return true
}

// inverseMap is the position in the image that a pixel of its transform reads: the
// changes taken back in the reverse order, about the middle. It is nil where a
// parameter is beyond its limit.
func inverseMap(t geometry.Threat, p []float64, h, w int) func(x, y int) (u, v float64) {
	value := map[string]float64{}
	all := t.Parameters()
	if len(p) != len(all) {
		return nil
	}
	for i, q := range all {
		if !(math.Abs(p[i]) <= q.Limit*(1+1e-6)) || t.Whole && p[i] != math.Round(p[i]) {
			return nil
		}
		value[q.Name] = p[i]
	}
	sin, cos := math.Sin(value["rotate"]*math.Pi/180), math.Cos(value["rotate"]*math.Pi/180)
	mx, my := .5*float64(w)-.5, .5*float64(h)-.5
	return func(x, y int) (u, v float64) {
		// Not moved, turned clockwise (y points down), not sheared, not scaled.
		a, b := float64(x)-value["dx"]-mx, float64(y)-value["dy"]-my
		a, b = a*cos-b*sin, a*sin+b*cos
		a -= b * value["shear"]
		return mx + a/(1+value["scale"]), my + b/(1+value["scale"])
	}
}

// resample interpolates image bilinearly at from(x,y), in float64.
func resample(image []float32, h, w, c int, edge bool, from func(x, y int) (u, v float64)) []float64 {
	at := func(x, y, k int) float64 {
		if edge {
			x, y = max(0, min(x, w-1)), max(0, min(y, h-1))
		} else if x < 0 || y < 0 || x >= w || y >= h {
			return 0
		}
		return float64(image[(y*w+x)*c+k])
	}
	out := make([]float64, h*w*c)
	for i := range out {
		u, v := from(i/c%w, i/c/w)
		left, top := math.Floor(u), math.Floor(v)
		x, y, k := int(left), int(top), i%c
		upper := at(x, y, k) + (u-left)*(at(x+1, y, k)-at(x, y, k))
		lower := at(x, y+1, k) + (u-left)*(at(x+1, y+1, k)-at(x, y+1, k))
		out[i] = upper + (v-top)*(lower-upper)
	}
	return out
}
