package library

import (
	"math"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "boundary", Title: "Boundary", Paper: "Brendel, Rauber and Bethge 2018", Family: attacks.Decision, Search: attacks.MinimumNorm, OwnNorm: attacks.L2,
	Battery: []attacks.Variant{{Rank: 300, Text: "boundary(steps=5000)"}},
	New:     func() attacks.Attack { return new(Boundary) },
})

// Boundary is the attack of Brendel, Rauber and Bethge 2018: a random walk along
// the decision boundary that uses nothing but the predicted class. A step is a
// random move on the sphere around the clean image, of Spherical times its
// radius, followed by a move towards the image of Inward times the radius. It is
// made if the result is misclassified. Both sizes adapt: every tenth step the
// move on the sphere is tested alone too. Both sizes grow if more than half of
// the last hundred such moves succeed; Inward grows if more than a quarter of
// the last thirty tested steps do.
//
// Defaults are foolbox's. The walk begins where the straight line from the image
// to the starting point crosses the boundary.
type Boundary struct {
	attacks.Common
	Steps       int     `key:"steps" in:"[1,1e9]" default:"25000" help:"of the walk"`
	Spherical   float32 `key:"spherical" in:"[1e-9,1]" default:".01" help:"first move on the sphere, as a share of its radius"`
	Inward      float32 `key:"inward" in:"[1e-9,1]" default:".01" help:"first move towards the image, as a share of the distance"`
	Convergence float32 `key:"convergence" in:"[0,1]" default:"1e-7" help:"move towards the image at which the walk ends"`
	Adaptation  float32 `key:"adaptation" in:"[1,10]" default:"1.5" help:"factor by which moves grow and shrink"`
	Start       string  `key:"start" oneof:"noise example" help:"noise, or an image of another class; none: noise, for a target an image"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *Boundary) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run walks from the boundary for as many steps as allowed.
func (a *Boundary) Run(o *attacks.Oracle) {
	start := startingPoint(o, a.Start)
	if start == nil {
		return
	}
	w := &boundaryWalk{
		o: o, x: searchBoundary(o, start, attacks.L2, 1e-3), spherical: float64(a.Spherical), inward: float64(a.Inward), factor: float64(a.Adaptation),
		moves: outcomeWindow{length: 100, low: .2, high: .5}, steps: outcomeWindow{length: 30, low: .1, high: .25},
	}
	nearest := newNearestClaim(o)
	nearest.offer(w.x)
	for i := 1; i <= a.Steps && w.inward >= float64(a.Convergence) && o.PassesLeft() >= 2; i++ {
		if w.tryStep(i%10 == 0) {
			nearest.offer(w.x)
			if reachedSmallestRadius(o) {
				return
			}
		}
	}
	nearest.flush()
}

// boundaryWalk is the state of the walk.
type boundaryWalk struct {
	o                 *attacks.Oracle
	x                 []float32 // misclassified
	spherical, inward float64   // sizes of both moves, as shares of the radius
	factor            float64   // by which they are multiplied or divided
	moves, steps      outcomeWindow
}

// tryStep proposes one step, and makes it if the result is misclassified and
// nearer. With adapt the sizes are adapted to the outcome.
func (w *boundaryWalk) tryStep(adapt bool) (moved bool) {
	o := w.o
	proposal, onSphere, radius := w.proposeStep()
	images := [][]float32{proposal}
	if adapt {
		images = append(images, onSphere)
	}
	z := o.Logits(images...)
	success := o.ClearSuccess(z[0])
	if adapt {
		w.adaptSizes(success, o.ClearSuccess(z[1]))
	}
	// Rounding, or the box, may have moved the proposal away from the image.
	if success && attacks.L2.Distance(proposal, o.Image) < radius {
		w.x, moved = proposal, true
	}
	return moved
}

// proposeStep draws a point on the sphere around the clean image through x, and
// moves it towards the image. radius is that of the sphere.
func (w *boundaryWalk) proposeStep() (proposal, onSphere []float32, radius float64) {
	o := w.o
	toImage, tangent, radius, size := w.drawTangent()
	if radius == 0 {
		return w.x, w.x, 0
	}
	onSphere, proposal = make([]float32, len(w.x)), make([]float32, len(w.x))
	shorten := 1 / math.Sqrt(1+w.spherical*w.spherical) // back from the tangent to the sphere
	for i, x0 := range o.Image {
		onSphere[i] = float32(float64(x0) + shorten*(w.spherical*radius/max(size, 1e-300)*tangent[i]-toImage[i]))
	}
	o.Threat.Clip(onSphere)
	clipped := attacks.L2.Distance(onSphere, o.Image)
	// What the box has cut off counts as part of the move towards the image.
	share := max(0, w.inward*radius+clipped-radius) / max(clipped, 1e-300)
	for i, x0 := range o.Image {
		proposal[i] = onSphere[i] + float32(share)*(x0-onSphere[i])
	}
	o.Threat.Clip(proposal)
	return proposal, onSphere, radius
}

// drawTangent draws a random direction orthogonal to the vector from x to the
// clean image. radius and size are the L2 norms of that vector and of tangent.
func (w *boundaryWalk) drawTangent() (toImage, tangent []float64, radius, size float64) {
	toImage, tangent = make([]float64, len(w.x)), make([]float64, len(w.x))
	var inner float64
	for i, x0 := range w.o.Image {
		toImage[i] = float64(x0) - float64(w.x[i])
		tangent[i] = w.o.Rand.NormFloat64()
		radius += toImage[i] * toImage[i]
		inner += toImage[i] * tangent[i]
	}
	if radius == 0 {
		return nil, nil, 0, 0
	}
	for i, d := range toImage {
		tangent[i] -= inner / radius * d
		size += tangent[i] * tangent[i]
	}
	return toImage, tangent, math.Sqrt(radius), math.Sqrt(size)
}

// adaptSizes records whether a whole step and its move on the sphere succeeded,
// and adapts the sizes.
func (w *boundaryWalk) adaptSizes(step, move bool) {
	if f := w.moves.add(move, w.factor); f != 1 {
		w.spherical *= f
		w.inward *= f
	}
	w.inward *= w.steps.add(step, w.factor)
}

// outcomeWindow holds the latest outcomes of a kind of move.
type outcomeWindow struct {
	length    int // outcomes needed for a decision
	low, high float64
	recent    []bool
}

// add records an outcome. If the window is full and more than the share high of
// it succeeded, it returns factor; if less than low, 1/factor; both empty the
// window. Otherwise it returns 1.
func (t *outcomeWindow) add(success bool, factor float64) float64 {
	if t.recent = append(t.recent, success); len(t.recent) > t.length {
		t.recent = t.recent[1:]
	}
	if len(t.recent) < t.length {
		return 1
	}
	n := 0
	for _, r := range t.recent {
		if r {
			n++
		}
	}
	switch share := float64(n) / float64(t.length); {
	case share > t.high:
		t.recent = t.recent[:0]
		return factor
	case share < t.low:
		t.recent = t.recent[:0]
		return 1 / factor
	}
	return 1
}
