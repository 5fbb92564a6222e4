package attacks

var _ = register(Entry{
	Name: "spatial", Paper: "Engstrom, Tran, Tsipras, Schmidt and Madry 2019", Family: Natural, Schedule: Whole,
	New: func() Attack { return new(Spatial) },
})

// Spatial turns and moves the image (Engstrom et al. 2019): all combinations of
// a grid, or the worst of some random ones. What it finds is mostly far outside
// any ball; its distance is measured all the same, and of the successes the
// nearest is kept.
//
// Defaults are the paper's grid for CIFAR-10: 31 angles, 5 moves along each
// side. Foolbox takes 5 angles, moves before it turns, and its pixels are
// (n-1)/n of one.
type Spatial struct {
	Common
	Mode     string  `key:"mode" oneof:"grid random" default:"grid" help:"all of a grid, or random ones"`
	Rotation float32 `key:"rotation" in:"[0,180]" default:"30" help:"largest angle, in degrees, either way"`
	Move     float32 `key:"translation" in:"[0,1e4]" default:"3" help:"largest move along each side, in pixels, either way"`
	Angles   int     `key:"angles" in:"[1,1e4]" default:"31" help:"angles of the grid"`
	Moves    int     `key:"moves" in:"[1,1e4]" default:"5" help:"moves of the grid along each side"`
	Draws    int     `key:"draws" in:"[1,1e6]" default:"10" help:"number of random ones"`
	Border   string  `key:"border" oneof:"zero edge" default:"zero" help:"what comes in from outside: zeros, or the nearest pixels"`
}

// Needs is nothing.
func (a *Spatial) Needs(Victim) []Loss { return nil }

// Attack tries all of them.
func (a *Spatial) Attack(c *Case) {
	n := a.Angles * a.Moves * a.Moves
	if a.Mode == "random" {
		n = a.Draws
	}
	c.tryAll(n, func(i int, x []float32) {
		turn, dx, dy := a.pose(c, i)
		resample(x, c.Image, c.H, c.W, c.C, a.Border == "zero", turned(c.H, c.W, turn, dx, dy))
		c.Threat.Clip(x)
	})
}

// pose is number i of the grid, or a random one.
func (a *Spatial) pose(c *Case, i int) (turn, dx, dy float64) {
	most, far := float64(a.Rotation), float64(a.Move)
	if a.Mode == "random" {
		return most * (2*c.Rand.Float64() - 1), far * (2*c.Rand.Float64() - 1), far * (2*c.Rand.Float64() - 1)
	}
	return most * gridPoint(i/(a.Moves*a.Moves), a.Angles), far * gridPoint(i/a.Moves%a.Moves, a.Moves), far * gridPoint(i%a.Moves, a.Moves)
}

// gridPoint is number i of n points from -1 to 1; of one, 0.
func gridPoint(i, n int) float64 {
	if n == 1 {
		return 0
	}
	return 2*float64(i)/float64(n-1) - 1
}
