package library

import "unwarp/attacks"

var _ = attacks.Register(attacks.Entry{
	Name: "spatial", Title: "spatial", Paper: "Engstrom, Tran, Tsipras, Schmidt and Madry 2019", Family: attacks.Natural, Search: attacks.MinimumNorm,
	Battery: []attacks.Variant{{Rank: 370, Text: "spatial"}},
	New:     func() attacks.Attack { return new(Spatial) },
})

// Spatial rotates and translates the image (Engstrom et al. 2019): all
// combinations of a grid, or random ones. The results are mostly far outside any
// ball; their distance is measured all the same, and of the successes the nearest
// is kept.
//
// Defaults are the paper's grid for CIFAR-10: 31 angles, 5 translations along
// each side. Foolbox takes 5 angles, translates before it rotates, and its pixels
// are (n-1)/n of one.
type Spatial struct {
	attacks.Common
	Mode     string  `key:"mode" oneof:"grid random" default:"grid" help:"all of a grid, or random ones"`
	Rotation float32 `key:"rotation" in:"[0,180]" default:"30" help:"largest angle, in degrees, either way"`
	Move     float32 `key:"translation" in:"[0,1e4]" default:"3" help:"largest move along each side, in pixels, either way"`
	Angles   int     `key:"angles" in:"[1,1e4]" default:"31" help:"angles of the grid"`
	Moves    int     `key:"moves" in:"[1,1e4]" default:"5" help:"moves of the grid along each side"`
	Draws    int     `key:"draws" in:"[1,1e6]" default:"10" help:"number of random ones"`
	Border   string  `key:"border" oneof:"zero edge" default:"zero" help:"what comes in from outside: zeros, or the nearest pixels"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *Spatial) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run tries all combinations.
func (a *Spatial) Run(o *attacks.Oracle) {
	n := a.Angles * a.Moves * a.Moves
	if a.Mode == "random" {
		n = a.Draws
	}
	claimNearest(o, n, func(i int, x []float32) {
		degrees, dx, dy := a.transformation(o, i)
		resample(x, o.Image, o.H, o.W, o.C, a.Border == "zero", rotateAndTranslate(o.H, o.W, degrees, dx, dy))
		o.Threat.Clip(x)
	})
}

// transformation is combination i of the grid, or a random one: an angle in
// degrees and a translation in pixels.
func (a *Spatial) transformation(o *attacks.Oracle, i int) (degrees, dx, dy float64) {
	rotation, move := float64(a.Rotation), float64(a.Move)
	if a.Mode == "random" {
		return rotation * (2*o.Rand.Float64() - 1), move * (2*o.Rand.Float64() - 1), move * (2*o.Rand.Float64() - 1)
	}
	return rotation * gridPoint(i/(a.Moves*a.Moves), a.Angles), move * gridPoint(i/a.Moves%a.Moves, a.Moves), move * gridPoint(i%a.Moves, a.Moves)
}

// gridPoint is point i of n equidistant points from -1 to 1; 0 if there is one.
func gridPoint(i, n int) float64 {
	if n == 1 {
		return 0
	}
	return 2*float64(i)/float64(n-1) - 1
}
