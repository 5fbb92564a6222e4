package attacks

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Case is one image under attack: what an attack knows of it, and what it may
// ask. Questions block until the engine has answered them together with those
// of other images, so that an attack is written for one image and computed in
// batches. A case belongs to the goroutine of its attack.
type Case struct {
	Image   []float32 // the clean image [H*W*C]; must not be written to
	Label   int       // its true class
	Target  int       // the class to reach, -1 for any but Label
	Index   int       // its place in the data
	H, W, C int
	Classes int
	Threat  Threat
	Norm    Norm       // what the attack minimises: its own norm, or the threat's
	Eps     float32    // radius of this search: claims farther away do not count. +Inf for Whole attacks
	Radii   []float32  // for Whole attacks: the radii at which the image still stands, ascending
	Clean   []float32  // logits of Image
	Rand    *rand.Rand // keyed by the attack's seed, the image and the radius
	Memo    any        // kept from one radius to the next of the same image
	Bound   float64    // the smallest distance confirmed so far, in Norm; +Inf before
	Spent   Cost       // passes used for this image by this attack
	Known   []Loss     // the codes that the victim has
	lane    *lane      // where questions go
	example func(class int, r *rand.Rand) []float32
	stage   int       // which network answers gradients
	eot     int       // passes averaged per gradient
	limit   int       // passes allowed, 0 for all
	further bool      // look for smaller examples even where they break no further radius
	start   Cost      // Spent when this radius began
	found   *finding  // the smallest confirmed example
	invalid int       // claims outside ball or box, or not numbers
	keep    bool      // keep the image of found, and last
	last    []float32 // the last image claimed inside ball and box
	trace   []float32 // the loss at each iterate, if it is recorded
	record  bool
	hit     bool // a claim of this radius was confirmed
}

// Cost counts passes of single images through the victim.
type Cost struct {
	Forward  int `json:"forward"`
	Backward int `json:"backward"`
	Referee  int `json:"referee"` // forward passes by which claims were judged
}

func (c Cost) plus(d Cost) Cost {
	return Cost{c.Forward + d.Forward, c.Backward + d.Backward, c.Referee + d.Referee}
}

// finding is a confirmed adversarial example.
type finding struct {
	distance float64 // in the case's norm
	reach    float64 // in the threat's norm
	class    int
	queries  int // forward passes up to it
	image    []float32
}

// Slope is a loss at one image, and its gradient.
type Slope struct {
	Loss     float32
	Logits   []float32
	Gradient []float32 // [H*W*C]
}

// Question is what can be asked of a gradient pass about one image.
type Question struct {
	Image       []float32
	Label       int
	Target      int
	Temperature float32   // of Classification; 0 is 1
	Cotangent   []float32 // [Classes], the weights of Linear
	Reference   []float32 // [D], of the code losses
}

// Logits are the scores of images, by plain forward passes in float32.
func (c *Case) Logits(images ...[]float32) [][]float32 {
	rows := make([]Question, len(images))
	for i, x := range images {
		rows[i].Image = x
	}
	out := make([][]float32, len(images))
	for i, a := range c.ask(pass{0, forwardPass}, rows) {
		out[i] = a.logits
	}
	return out
}

// Uphill is l at x with the gradient that leads to success: away from the
// label, or towards the target, where the loss returned is that of the target
// negated.
func (c *Case) Uphill(l Loss, x []float32) Slope { return c.uphill(l, Question{Image: x}) }

// uphill is Uphill for a question that may say more than the image.
func (c *Case) uphill(l Loss, q Question) Slope {
	q.Label, q.Target = c.Label, max(c.Target, 0)
	if c.Target < 0 || l == TargetedDLR {
		return c.Slopes(l, q)[0]
	}
	q.Label = c.Target
	s := c.Slopes(l, q)[0]
	s.Loss = -s.Loss
	scale(s.Gradient, s.Gradient, -1)
	return s
}

// Slopes are the losses and gradients of l for each question.
func (c *Case) Slopes(l Loss, questions ...Question) []Slope {
	rows := make([]Question, 0, len(questions)*c.eot)
	for _, q := range questions {
		if q.Temperature == 0 {
			q.Temperature = 1
		}
		for range c.eot {
			rows = append(rows, q)
		}
	}
	answers := c.ask(pass{c.stage, l}, rows)
	out := make([]Slope, len(questions))
	for i := range out {
		out[i] = mean(answers[i*c.eot : (i+1)*c.eot])
	}
	return out
}

// Jacobian are the gradients of each class's logit at x, [Classes][H*W*C], and
// the logits.
func (c *Case) Jacobian(x []float32) (rows [][]float32, logits []float32) {
	q := make([]Question, c.Classes)
	for k := range q {
		q[k] = Question{Image: x, Cotangent: make([]float32, c.Classes)}
		q[k].Cotangent[k] = 1
	}
	for _, s := range c.Slopes(Linear, q...) {
		rows, logits = append(rows, s.Gradient), s.Logits
	}
	return rows, logits
}

// Codes are the codes of images, [D] each, by plain forward passes.
func (c *Case) Codes(l Loss, images ...[]float32) [][]float32 {
	rows := make([]Question, len(images))
	for i, x := range images {
		rows[i].Image = x
	}
	out := make([][]float32, len(images))
	for i, a := range c.ask(pass{c.stage, codePass(l)}, rows) {
		out[i] = a.code
	}
	return out
}

// ask counts a question against the budget, which may end the search here, and
// has it answered.
func (c *Case) ask(p pass, rows []Question) []answer {
	cost := Cost{Forward: len(rows)}
	switch {
	case p.kind == refereePass:
		cost = Cost{Referee: len(rows)}
	case p.kind != forwardPass && !strings.HasPrefix(string(p.kind), codePrefix):
		cost.Backward = len(rows)
	}
	if cost.Forward+cost.Backward > c.Left() {
		panic(overBudget{})
	}
	c.Spent = c.Spent.plus(cost)
	return c.lane.ask(p, rows)
}

// overBudget unwinds a search whose passes are used up.
type overBudget struct{}

// mean averages the answers of a model with noise in it.
func mean(a []answer) Slope {
	s := Slope{a[0].loss, a[0].logits, a[0].gradient}
	if len(a) == 1 {
		return s
	}
	f := 1 / float32(len(a))
	for _, b := range a[1:] {
		s.Loss += b.loss
		axpy(s.Logits, s.Logits, 1, b.logits)
		axpy(s.Gradient, s.Gradient, 1, b.gradient)
	}
	s.Loss *= f
	scale(s.Logits, s.Logits, f)
	scale(s.Gradient, s.Gradient, f)
	return s
}

// hair is by how much the winning logit must lead, relative to the largest: a
// lead within float32's rounding could be gone in the next pass.
const hair = 1e-5

// Success tells whether logits are those of a success: the target leads, or a
// class other than the label leads it, by more than rounding.
func (c *Case) Success(logits []float32) bool {
	class := argmax(logits)
	second := c.Label
	if c.Target >= 0 {
		if class != c.Target {
			return false
		}
		second = rival(logits, class)
	}
	return class != second && logits[class]-logits[second] > hair*norm(Linf, logits)
}

// Claim shows an image to the referee. It is true if the image is in the box,
// within Eps, and a success by a fresh pass in float32.
func (c *Case) Claim(x []float32) bool { return c.Claims(x) == 0 }

// Claims shows images to the referee and returns the place of the first that
// it confirms, -1 for none.
func (c *Case) Claims(images ...[]float32) int {
	var rows []Question
	var which []int
	for i, x := range images {
		if ok := legal(x, c.Image, c.Threat, c.Eps); !ok {
			c.invalid++
			continue
		}
		rows, which = append(rows, Question{Image: x}), append(which, i)
		if c.keep {
			c.last = clone(x)
		}
	}
	if len(rows) == 0 {
		return -1
	}
	first := -1
	for k, a := range c.ask(pass{0, refereePass}, rows) {
		i := which[k]
		class := argmax(a.logits)
		if !numbers(a.logits) || !c.Success(a.logits) {
			continue
		}
		if first < 0 {
			first = i
		}
		c.confirm(images[i], class)
	}
	return first
}

// confirm keeps the smallest example.
func (c *Case) confirm(x []float32, class int) {
	c.hit = true
	f := finding{class: class, distance: distance(c.Norm, x, c.Image), reach: distance(c.Threat.Norm, x, c.Image), queries: c.Spent.Forward}
	if c.found != nil && f.distance >= c.found.distance {
		c.found.reach = min(c.found.reach, f.reach)
		return
	}
	if c.found != nil {
		f.reach = min(f.reach, c.found.reach)
		f.queries = c.found.queries
	}
	if c.keep {
		f.image = clone(x)
	}
	c.found = &f
	c.Bound = f.distance
}

// Example is a clean image that the victim classifies as class, which is its
// true class, drawn with c.Rand from the evaluated images; nil if there is none.
func (c *Case) Example(class int) []float32 { return c.example(class, c.Rand) }

// Trace records the loss at an iterate, for the curves of the report. A loss
// that is no number is left out.
func (c *Case) Trace(loss float32) {
	if c.record && loss-loss == 0 {
		c.trace = append(c.trace, loss)
	}
}

// Distance of x from the clean image in the case's norm.
func (c *Case) Distance(x []float32) float64 { return distance(c.Norm, x, c.Image) }

// Left is how many passes the budget still allows, a large number without one.
func (c *Case) Left() int {
	if c.limit == 0 {
		return math.MaxInt
	}
	return max(0, c.limit-(c.Spent.Forward+c.Spent.Backward-c.start.Forward-c.start.Backward))
}

// Start is a uniform point of the ball of radius eps around the clean image,
// cut at the box. In L2 and L1 it is uniform in the ball before the cut.
func (c *Case) Start(eps float32) []float32 {
	x := make([]float32, len(c.Image))
	switch c.Threat.Norm {
	case Linf:
		for i := range x {
			x[i] = c.Image[i] + eps*(2*c.Rand.Float32()-1)
		}
	default:
		var size float64
		for i := range x {
			var v float64
			if c.Threat.Norm == L2 {
				v = c.Rand.NormFloat64()
				size += v * v
			} else {
				v = c.Rand.ExpFloat64()
				size += v
				if c.Rand.Uint64()&1 == 0 {
					v = -v
				}
			}
			x[i] = float32(v)
		}
		if c.Threat.Norm == L2 {
			size = math.Sqrt(size)
		}
		r := float64(eps) * math.Pow(c.Rand.Float64(), 1/float64(len(x))) / size
		for i, v := range x {
			x[i] = c.Image[i] + float32(r*float64(v))
		}
	}
	c.Threat.Clip(x)
	return x
}

// targets are the ways to choose a class to reach.
var targets = []string{"next", "random", "least", "second"}

func checkTarget(text string) error {
	if text == "" || slices.Contains(targets, text) {
		return nil
	}
	if k, err := strconv.Atoi(text); err != nil || k < 0 {
		return fmt.Errorf("target: want a class number or one of %v, got %q", targets, text)
	}
	return nil
}

// aim is the target class of text for an image; -1 for none, and false where
// the label is the target.
func aim(text string, label int, clean []float32, r *rand.Rand) (int, bool) {
	k := len(clean)
	order := ranking(clean)
	switch text {
	case "":
		return -1, true
	case "next":
		return (label + 1) % k, true
	case "random":
		return (label + 1 + r.IntN(k-1)) % k, true
	case "least", "second":
		order = slices.DeleteFunc(order, func(i int) bool { return i == label })
		if text == "second" {
			return order[0], true
		}
		return order[len(order)-1], true
	}
	t, _ := strconv.Atoi(text)
	return t, t != label && t < k
}

// ranking are the classes by their logits, largest first.
func ranking(logits []float32) []int {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case logits[a] > logits[b]:
			return -1
		case logits[a] < logits[b]:
			return 1
		}
		return 0
	})
	return order
}
