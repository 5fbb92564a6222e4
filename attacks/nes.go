package attacks

var _ = register(Entry{
	Name: "nes", Paper: "Ilyas, Engstrom, Athalye and Lin 2018", Family: Score,
	New: func() Attack { return new(NES) },
})

// NES is the query-limited attack of Ilyas et al. 2018: projected gradient
// descent with momentum on the cross-entropy, with gradients estimated by
// natural evolution strategies: antithetic Gaussian points round the image.
// The step halves when the loss has not improved for Plateau steps.
//
// Defaults are those of the authors' code; their images have 299 pixels a side.
// They give no L2 form: there the step is eps/5 along the gradient. The points
// asked about may lie a few Sigma outside ball and box; the claimed ones do not.
type NES struct {
	Common
	Queries  int     `key:"queries" in:"[1,1e9]" default:"10000" help:"at most so many points"`
	Samples  int     `key:"samples" in:"[2,1e6]" default:"50" help:"points for one gradient, in pairs"`
	Sigma    float32 `key:"sigma" in:"[1e-6,1]" default:".001" help:"their standard deviation"`
	Rate     float32 `key:"lr" in:"[0,1e3]" default:"0" help:"size of the first steps; 0: .01 in linf, eps/5 otherwise"`
	Floor    float32 `key:"floor" in:"[0,1]" default:".005" help:"smallest step, as a share of the first"`
	Momentum float32 `key:"momentum" in:"[0,1]" default:".9" help:"share of the gradient that a step keeps"`
	Plateau  int     `key:"plateau" in:"[2,1e6]" default:"5" help:"steps over which the loss must improve"`
	Drop     float32 `key:"drop" in:"[1,1e3]" default:"2" help:"what the step is divided by where it does not"`
}

// Needs is nothing.
func (a *NES) Needs(Victim) []Loss { return nil }

// Attack descends from the clean image.
func (a *NES) Attack(c *Case) {
	x := clone(c.Image)
	rate := a.Rate
	if rate == 0 {
		rate = .01
		if c.Threat.Norm != Linf {
			rate = c.Eps / 5
		}
	}
	least := rate * a.Floor
	momentum, d := make([]float32, len(x)), make([]float32, len(x))
	var recent []float64
	pairs := (a.Samples + 1) / 2
	for range a.Queries / (2*pairs + 1) {
		g, z := c.antithetic(x, pairs, a.Sigma, func(v []float32) {
			for i := range v {
				v[i] = float32(c.Rand.NormFloat64())
			}
		}, c.surprise)
		now := c.surprise(z)
		c.Trace(float32(-now))
		if c.Success(z) && c.Claim(x) {
			return
		}
		if recent = append(recent, now); len(recent) > a.Plateau {
			recent = recent[1:]
		}
		if len(recent) == a.Plateau && now >= recent[0] {
			rate = max(rate/a.Drop, least)
			recent = recent[:0]
		}
		scale(momentum, momentum, a.Momentum)
		axpy(momentum, momentum, -(1 - a.Momentum), g)
		c.Threat.Steepest(d, momentum)
		axpy(x, x, rate, d)
		c.Threat.Project(x, c.Image, c.Eps)
	}
	c.Claim(x)
}
