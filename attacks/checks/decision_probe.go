package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

// The probe by decisions: an attack that sees the predicted class alone must not
// find examples well within a radius at which all attacks of the evaluation have
// failed.

// probeQueries is what the probe may ask of the model for each image, and
// wellWithin the share of the radius within which its examples count.
const (
	probeQueries = 10000
	wellWithin   = .9
)

// decisionProbe is what the probe found.
type decisionProbe struct {
	attack    string
	eps       float32
	n         int   // images that it ran on
	found     []int // places of those with an example well within eps
	available bool
}

// probeDecisions attacks images that the evaluation left correct. It is not
// available without a model, without the evaluated images, or where no image was
// left.
func (c *checkContext) probeDecisions() (decisionProbe, error) {
	var p decisionProbe
	if c.Reference.Graph == nil || c.isRandom() || !slices.Equal(c.Evaluation.Index, c.Images.Index) {
		return p, nil
	}
	left, eps := c.imagesLeft()
	if len(left) == 0 {
		return p, nil
	}
	p.eps, p.n = eps, len(left)
	p.attack = fmt.Sprintf("hopskipjump(budget=%d,gamma=%d)", probeQueries, max(1, c.victim.Size()/16))
	if c.threat.Norm == attacks.L1 {
		p.attack = fmt.Sprintf("boundary(budget=%d)", probeQueries)
	}
	ev, err := c.runOn(left, p.attack, wellWithin*eps)
	if err != nil {
		return p, err
	}
	for i := range ev.Images {
		if ev.Correct(i) && ev.Misclassified(0, i, wellWithin*eps) {
			p.found = append(p.found, ev.Index[i])
		}
	}
	p.available = true
	return p, nil
}

// imagesLeft are the places in the evaluation of some images that no attack makes
// the model misclassify, at the largest radius at which there are several, or
// else one.
func (c *checkContext) imagesLeft() (left []int, eps float32) {
	const several = 3
	for _, r := range backwards(c.Evaluation.Radii) {
		if at := c.imagesLeftAt(r); len(at) > len(left) {
			left, eps = at, r
		}
		if len(left) >= several {
			break
		}
	}
	return left, eps
}

// imagesLeftAt are those at one radius, at which a white-box attack has failed.
func (c *checkContext) imagesLeftAt(eps float32) []int {
	ev := c.Evaluation
	white, all := attacksOf(ev, isWhiteBox), firstPlaces(len(ev.Attacks))
	var left []int
	for _, i := range evenlySpread(ev.Images) {
		if len(left) < expensiveImages && ev.Correct(i) && !misclassifiedUnderAny(ev, all, i, eps) && failedUnderAny(ev, white, i, eps) {
			left = append(left, i)
		}
	}
	return left
}

func backwards(x []float32) []float32 {
	out := slices.Clone(x)
	slices.Reverse(out)
	return out
}

// runOn runs one attack on some images of the input.
func (c *checkContext) runOn(places []int, text string, eps float32) (*attacks.Evaluation, error) {
	a, err := c.parseAttack(text)
	if err != nil {
		return nil, err
	}
	size := c.victim.Size()
	var images attacks.Images
	for _, i := range places {
		images.Pixels = append(images.Pixels, c.Images.Pixels[i*size:(i+1)*size]...)
		images.Labels = append(images.Labels, c.Images.Labels[i])
		images.Index = append(images.Index, c.Images.Index[i])
	}
	e, err := engine.NewEngine(c.Reference, c.Gradient, engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{eps}, Batch: c.Batch})
	if err != nil {
		return nil, err
	}
	return e.Run(c.ctx, images, nil, nil)
}

// addTo adds what the probe found to the verdict on the evaluation's attacks.
func (p decisionProbe) addTo(v verdict) verdict {
	text := fmt.Sprintf("%s finds examples within %.3g on %d of %d images that all attacks left correct at eps %g", p.attack, wellWithin*p.eps, len(p.found), p.n, p.eps)
	if v.status == Skip {
		v.value = text
	} else {
		v.value += "; " + text
	}
	v.status = worstStatus(v.status, judgeAtMost(len(p.found), p.n, .05))
	v.images = append(v.images, p.found...)
	if len(p.found) > 0 && v.advice == "" {
		v.advice = "the gradient is masked: attack without it (square, boundary, hopskipjump), with gradient=straight-through, and look at C10, C38 and C39"
	}
	return v
}
