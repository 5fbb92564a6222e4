package attacks

import (
	"math"
	"math/rand/v2"
	"unwarp/attacks/vector"
)

// Problem is what an attack knows of the image that it attacks.
type Problem struct {
	Image   []float32 // the clean image [H*W*C], row-major; must not be written to
	Label   int       // its true class
	Target  int       // the class to reach, -1 for any but Label
	Index   int       // its place in the data
	H, W, C int
	Classes int
	Threat  Threat
	Norm    Norm       // what the attack minimises: its own norm, or the threat's
	Eps     float32    // radius of this search; examples farther away do not count. +Inf for MinimumNorm attacks
	Radii   []float32  // for MinimumNorm attacks: the radii at which no example is known yet, ascending
	Clean   []float32  // logits of Image [Classes], centred like those of [Model]
	Ties    bool       // some clean image has two equal logits: they are rounded or clipped, and ties no accident
	Rand    *rand.Rand // keyed by the attack's seed, the image and the radius
	Memo    any        // kept from one radius to the next of the same image
	// Exhaustive asks for the smallest example even where it reaches no
	// further radius.
	Exhaustive bool
}

// Model is what an attack may ask. Calls block until the engine has computed
// them in a batch with those for other images, so that an attack is written for
// one image and computed in batches. A call beyond the attack's budget does not
// return: the engine ends the search.
type Model interface {
	// Logits are the scores of images, [Classes] each, by forward passes in
	// float32, without an offset common to all classes.
	Logits(images ...[]float32) [][]float32
	// Scores visits the logits of candidates in their order, until visit returns
	// false: those after it were computed in advance, and neither count nor leave a
	// trace. Fewer than all are visited too where the budget ends. Rounded ones are
	// those of the model that computes gradients, see [Model.HasRounded].
	Scores(rounded bool, visit func(i int, logits []float32) bool, images ...[]float32)
	// Room is how many candidates of one image cost nothing, being computed in any
	// case, and how many fill a batch with those of others. Nothing that is found may
	// depend on it.
	Room() (free, all int)
	// HasRounded tells whether gradients are computed in lower precision than logits:
	// in less time, and not exactly enough to tell where the boundary is.
	HasRounded() bool
	// LossGradients are the loss l and its gradient at each request.
	LossGradients(l Loss, requests ...Request) []LossGradient
	// Codes are the codes of images, [D] each; code is Embedding, Appearance or Geometry.
	Codes(code Loss, images ...[]float32) [][]float32
	// Confirm has images verified by a separate float32 inference, near-ties by
	// several. It returns the place of the first that lies in the box, within
	// Eps, and is misclassified; -1 for none.
	Confirm(images ...[]float32) int
	// ConfirmTransforms is Confirm for a geometric threat: the engine makes the
	// image of each transform by the reference. A transform beyond Eps counts as
	// one outside the ball.
	ConfirmTransforms(list ...Transform) int
	// BestDistance is the smallest distance confirmed so far, in the problem's
	// norm; +Inf before.
	BestDistance() float64
	// PassesLeft is how many passes the budget still allows, a large number without one.
	PassesLeft() int
	// Example is a clean image of class, which the model classifies correctly,
	// drawn with Rand from the evaluated images; nil if there is none.
	Example(class int) []float32
	// BeginStart says that the next point is the first of a new start: the way to
	// it is no step of the attack.
	BeginStart()
	// Lanes runs n searches of the same image side by side, so that their requests
	// fill a batch: each with an oracle and random numbers of its own, in turns that
	// depend on the image alone. The first has a lead of so many requests. It ends,
	// and returns true, when a search returns true; the others are abandoned then.
	Lanes(n, lead int, search func(i int, o *Oracle) bool) bool
	// RecordLoss records the loss at an iterate, for the curves of the report.
	// A loss that is not a finite number is left out.
	RecordLoss(loss float32)
}

// Oracle is all that an attack works with: the problem, and the model that it
// may ask. It belongs to the goroutine of its attack.
type Oracle struct {
	Problem
	Model
}

// Request is one image in a request for losses and gradients.
type Request struct {
	Image       []float32
	Label       int
	Target      int
	Temperature float32   // of Classification, times that of the image ([Temperature]); 0 is 1
	Cotangent   []float32 // [Classes], the weights of Linear
	Reference   []float32 // [D], of the code losses
}

// LossGradient is a loss at one image with its gradient.
type LossGradient struct {
	Loss     float32
	Logits   []float32 // [Classes]
	Gradient []float32 // [H*W*C]
}

// Margin is by how much logits are a success, see [Problem.SuccessLead].
func (o *Oracle) Margin(logits []float32) float32 { return float32(o.SuccessLead(logits)) }

// Claim has x verified, see [Model.Confirm].
func (o *Oracle) Claim(x []float32) bool { return o.Confirm(x) == 0 }

// ClaimTransform has f verified, see [Model.ConfirmTransforms].
func (o *Oracle) ClaimTransform(f Transform) bool { return o.ConfirmTransforms(f) == 0 }

// Distance of x from the clean image in the problem's norm.
func (o *Oracle) Distance(x []float32) float64 { return o.Norm.Distance(x, o.Image) }

// AttackLoss is the loss that the attack has to increase at x, with its
// gradient: l of the label, or of the target negated.
func (o *Oracle) AttackLoss(l Loss, x []float32) LossGradient {
	return o.AttackLossOf(l, Request{Image: x})
}

// AttackLossOf is AttackLoss for a request that says more than the image.
func (o *Oracle) AttackLossOf(l Loss, r Request) LossGradient {
	r.Label, r.Target = o.Label, max(o.Target, 0)
	if o.Target < 0 || l == TargetedDLR {
		return o.LossGradients(l, r)[0]
	}
	r.Label = o.Target
	g := o.LossGradients(l, r)[0]
	g.Loss = -g.Loss
	vector.Scale(g.Gradient, g.Gradient, -1)
	return g
}

// RandomStart is a uniform point of the ball of radius eps around the clean
// image, cut at the box. In L2 and L1 it is uniform in the ball before the cut.
func (o *Oracle) RandomStart(eps float32) []float32 {
	x := make([]float32, len(o.Image))
	if o.Threat.Norm == Linf {
		for i := range x {
			x[i] = o.Image[i] + eps*(2*o.Rand.Float32()-1)
		}
	} else {
		size := o.randomDirection(x)
		r := float64(eps) * math.Pow(o.Rand.Float64(), 1/float64(len(x))) / size
		for i, v := range x {
			x[i] = o.Image[i] + float32(r*float64(v))
		}
	}
	o.Threat.Clip(x)
	return x
}

// randomDirection writes a direction drawn uniformly in L2 or L1 to x, and
// returns its norm.
func (o *Oracle) randomDirection(x []float32) float64 {
	var size float64
	for i := range x {
		var v float64
		if o.Threat.Norm == L2 {
			v = o.Rand.NormFloat64()
			size += v * v
		} else {
			v = o.Rand.ExpFloat64()
			size += v
			if o.Rand.Uint64()&1 == 0 {
				v = -v
			}
		}
		x[i] = float32(v)
	}
	if o.Threat.Norm == L2 {
		return math.Sqrt(size)
	}
	return size
}
