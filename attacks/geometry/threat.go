package geometry

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"unwarp/graphs"
)

// Threat is a set of geometric changes. Limits that are 0 are not part of it;
// all but a field's can be joined. Threats are values, and can be compared.
type Threat struct {
	Scale     float64       `key:"scale" in:"[0,.9]" help:"largest change of size, as a share of it, either way"`
	Shear     float64       `key:"shear" in:"[0,4]" help:"largest slope along x, either way"`
	Rotate    float64       `key:"rotate" in:"[0,180]" help:"largest angle in degrees, either way"`
	Translate float64       `key:"translate" in:"[0,256]" help:"largest move along each side in pixels, either way"`
	Field     float64       `key:"field" in:"[0,256]" help:"largest displacement of a pixel along each side, in pixels"`
	Whole     bool          `key:"whole" help:"moves by whole pixels only"`
	Smooth    float64       `key:"smooth" in:"[0,256]" help:"largest difference between displacements of neighbours along each side, in pixels; 0: any"`
	Border    graphs.Border `key:"border" oneof:"zero edge" default:"zero" help:"what is read outside of the image"`
}

// Borders of a threat, in the words of its text.
const (
	Zero graphs.Border = "zero"
	Edge graphs.Border = "edge"
)

// GraphBorder is the border in the words of [graphs.Warp].
func (t Threat) GraphBorder() graphs.Border {
	if t.Border == Edge {
		return graphs.Clamp
	}
	return graphs.Zero
}

// term is one kind of change: its name, its limit in a threat, the unit of it.
type term struct {
	name   string
	limit  func(*Threat) *float64
	unit   string // as sizes are named
	suffix string // as its limit is written
	accept []string
	most   float64 // that the tag in allows
}

// terms in the order in which they are applied to an image.
var terms = []term{
	{"scale", func(t *Threat) *float64 { return &t.Scale }, "scale", "", nil, .9},
	{"shear", func(t *Threat) *float64 { return &t.Shear }, "shear", "", nil, 4},
	{"rotate", func(t *Threat) *float64 { return &t.Rotate }, "degrees", "", []string{"°", "degrees", "deg"}, 180},
	{"translate", func(t *Threat) *float64 { return &t.Translate }, "px", "px", []string{"px"}, 256},
	{"field", func(t *Threat) *float64 { return &t.Field }, "px", "px", []string{"px"}, 256},
}

// written is the order in which the names of a sum are written.
var written = []string{"rotate", "translate", "scale", "shear", "field"}

// active are the terms of t with a limit above 0.
func (t Threat) active() []term {
	var out []term
	for _, k := range terms {
		if *k.limit(&t) > 0 {
			out = append(out, k)
		}
	}
	return out
}

// Share is the unit of sums.
const Share = "share"

// Unit is what sizes count: degrees, px, scale, shear, or [Share].
func (t Threat) Unit() string {
	a := t.active()
	if len(a) == 1 {
		return a[0].unit
	}
	return Share
}

// Size is the size of t in its unit: its limit, or 1 for a sum.
func (t Threat) Size() float64 {
	a := t.active()
	if len(a) == 1 {
		return *a[0].limit(&t)
	}
	return 1
}

// At is t at another size, in t's unit. At size 0 nothing is allowed but the
// image itself.
func (t Threat) At(size float64) (Threat, error) {
	if !(size >= 0) || math.IsInf(size, 0) {
		return t, fmt.Errorf("threat %s: want a size in %s that is not negative, got %g", t, t.Unit(), size)
	}
	a := t.active()
	for _, k := range a {
		limit := k.limit(&t)
		scaled := size
		if len(a) > 1 {
			scaled *= *limit
		}
		if scaled > k.most {
			return t, fmt.Errorf("threat %s: want a size in %s that makes %s at most %g, got %g", t, t.Unit(), k.name, k.most, size)
		}
		*limit = scaled
	}
	return t, nil
}

// IsField tells whether pixels move each on its own. Such a threat has no
// [Threat.Parameters].
func (t Threat) IsField() bool { return t.Field > 0 }

// Parameter is a number that a change of an image is made by. It lies between
// -Limit and Limit; at 0 it changes nothing.
type Parameter struct {
	Name  string // scale, shear, rotate, dx, dy
	Unit  string // as [Threat.Unit] names it
	Limit float64
}

// Parameters are those of t: of each term one, of translate dx and dy, in the
// order in which they change an image. A field has none.
func (t Threat) Parameters() []Parameter {
	var out []Parameter
	for _, k := range t.active() {
		limit := *k.limit(&t)
		switch k.name {
		case "field":
		case "translate":
			out = append(out, Parameter{"dx", k.unit, limit}, Parameter{"dy", k.unit, limit})
		default:
			out = append(out, Parameter{k.name, k.unit, limit})
		}
	}
	return out
}

// Contains tells whether parameters are within their limits, whole where they
// must be.
func (t Threat) Contains(p []float64) bool {
	all := t.Parameters()
	if len(p) != len(all) {
		return false
	}
	for i, v := range p {
		if !(math.Abs(v) <= all[i].Limit) || t.Whole && v != math.Trunc(v) {
			return false
		}
	}
	return true
}

// ContainsField tells whether a field [H,W,2] of displacements (dx,dy) in
// pixels is one of t, which must be a field: each at most Field, those of
// neighbours at most Smooth apart, up to what float32 rounds.
func (t Threat) ContainsField(field []float32, h, w int) bool {
	if !t.IsField() || len(field) != 2*h*w {
		return false
	}
	most, step := t.Field*(1+0x1p-23), t.Smooth+t.Field*0x1p-22
	apart := func(i, j int) bool {
		return t.Smooth > 0 && !(math.Abs(float64(field[i])-float64(field[j])) <= step)
	}
	for i, v := range field {
		x, y := i/2%w, i/2/w
		if !(math.Abs(float64(v)) <= most) || x+1 < w && apart(i, i+2) || y+1 < h && apart(i, i+2*w) {
			return false
		}
	}
	return true
}

// Moves are all parameters (dx,dy) of a threat of whole pixels, from the nearest
// to 0: (2k+1)² of them. Other threats have none.
func (t Threat) Moves() [][]float64 {
	if !t.Whole {
		return nil
	}
	k := int(t.Translate)
	var out [][]float64
	for dy := -k; dy <= k; dy++ {
		for dx := -k; dx <= k; dx++ {
			out = append(out, []float64{float64(dx), float64(dy)})
		}
	}
	slices.SortFunc(out, compareMoves)
	return out
}

// compareMoves orders moves: the farther side, then the other, then by value.
func compareMoves(a, b []float64) int {
	far := func(p []float64) float64 { return max(math.Abs(p[0]), math.Abs(p[1])) }
	sum := func(p []float64) float64 { return math.Abs(p[0]) + math.Abs(p[1]) }
	return cmp.Or(cmp.Compare(far(a), far(b)), cmp.Compare(sum(a), sum(b)), cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0]))
}
