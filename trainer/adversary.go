package trainer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"unwarp/pipelines"
)

// Adversary says which images a model is trained on in place of, or beside,
// those of the data set: their adversarial versions, made anew for the present
// weights at every step. The zero value is no adversary.
//
// The adversary sees the model as an attacker does, without dropout and with
// batch norm's statistics fixed; only free looks at the training pass itself.
// No gradient goes through the making of an image. With deformed twins the
// image is attacked, its twin is not.
//
// See [ParseAdversary] for the text in a configuration.
type Adversary struct {
	Method string // "", fgsm, pgd, trades, fast or free

	Norm  string  // of the change of an image: linf or l2 over all pixels and channels
	Eps   float32 // its largest value, in units of images in [0,1]
	Alpha float32 // size of one step in that norm
	Steps int     // gradients per image
	Ramp  Span    // the span in which eps and alpha rise linearly to these values

	Clean    float32 // share of images as they are, in [0,1): fgsm, pgd, fast
	Beta     float32 // weight of the divergence: trades
	Noise    float32 // standard deviation of the start: trades
	Replays  int     // updates per batch: free
	Codes    float32 // weight of the distance between the codes of an image and of its adversarial version: all but free
	Of       string  // which of its codes: appearance, geometry or both; "" where Codes is 0
	Follows  string  // the loss that the adversary raises: classification or training
	Rebuilds string  // what an adversarial image is to be reconstructed as: adversarial (itself) or clean
}

// Losses that an adversary may follow, targets of reconstruction, and norms.
const (
	Classification = "classification"
	WholeLoss      = "training"
	Adversarial    = "adversarial"
	CleanImage     = "clean"
	ofAppearance   = "appearance"
	ofGeometry     = "geometry"
	ofBoth         = "both"
	linf           = "linf"
	l2             = "l2"
)

// method is a way to train adversarially, with the arguments that it takes
// besides those of all, and its defaults.
type method struct {
	name string
	args []string
	with Adversary
}

var methods = []method{
	{"fgsm", []string{"clean", "codes", "of", "loss"}, Adversary{Steps: 1, Clean: .5}},
	{"pgd", []string{"steps", "alpha", "clean", "codes", "of", "loss"}, Adversary{Steps: 7}},
	{"trades", []string{"steps", "alpha", "beta", "noise", "codes", "of"}, Adversary{Steps: 10, Beta: 6, Noise: .001}},
	{"fast", []string{"alpha", "clean", "codes", "of", "loss"}, Adversary{Steps: 1}},
	{"free", []string{"alpha", "replays", "loss"}, Adversary{Steps: 1, Replays: 8}},
}

var common = []string{"eps", "norm", "ramp", "target"}

// ParseAdversary reads one method with its arguments; "" is none.
//
//	fgsm(eps=.3)              one step of eps along the gradient's sign, from the image itself, half of the
//	                          images clean (Goodfellow et al. 2015, sections 4 and 6; Duan et al., Table 8)
//	pgd(eps=.3,steps=7)       from a random point of the ball, steps of alpha (2.5·eps/steps unless given), each
//	                          projected back (Madry et al. 2018, eq. 2.1)
//	trades(eps=.3,beta=6)     cross-entropy of the clean image + beta·KL(clean ‖ adversarial); the adversary raises
//	                          the divergence from a normal start of deviation noise (Zhang et al. 2019,
//	                          algorithm 1); 10 steps
//	fast(eps=.3)              one step of alpha = 1.25·eps from a random point (Wong et al. 2020, algorithm 3)
//	free(eps=.3,replays=8)    each batch is used replays times; one backward pass serves weights and perturbation,
//	                          which goes on from batch to batch (Shafahi et al. 2019, algorithm 1). Each replay is
//	                          a step of the run: an epoch takes replays times as many
//
// All take eps (required; in units of images in [0,1], 8/255 is understood),
// norm=linf|l2, ramp=SPAN (eps rises from 0 over it), target=adversarial|clean
// (what the decoders are to draw for an adversarial image). All but trades take
// loss=classification|training (what the adversary raises). fgsm, pgd and fast
// take clean, the share of clean images: with .5 each image comes both ways,
// below that the first of a batch do, above it the first of a batch are attacked.
//
// codes=1 adds 1 times the mean distance ‖C(x) - C(x')‖ between the codes of an
// image and of its adversarial version: of=appearance|geometry|both, both unless
// given. Gradients go through both. It wants each image both ways: trades, or
// fgsm, pgd and fast with clean=.5.
func ParseAdversary(text string) (Adversary, error) {
	if strings.TrimSpace(text) == "" {
		return Adversary{}, nil
	}
	p := readPhrase(text)
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	i := slices.Index(names, p.name)
	if i < 0 {
		return Adversary{}, fmt.Errorf("want one of %s, or nothing, got %q: did you mean %q?", strings.Join(names, ", "), p.name, pipelines.Nearest(p.name, names))
	}
	m := methods[i]
	a := m.with
	a.Method, a.Norm, a.Follows, a.Rebuilds = m.name, linf, Classification, Adversarial
	_, given := p.args["eps"]
	p.number("eps", &a.Eps, 0, math.Inf(1), true)
	p.word("norm", &a.Norm, linf, l2)
	p.span("ramp", &a.Ramp)
	p.word("target", &a.Rebuilds, Adversarial, CleanImage)
	for _, arg := range m.args {
		switch arg {
		case "steps":
			p.count("steps", &a.Steps, 1, 1000)
		case "alpha":
			p.number("alpha", &a.Alpha, 0, math.Inf(1), true)
		case "clean":
			p.number("clean", &a.Clean, 0, .99, false)
		case "beta":
			p.number("beta", &a.Beta, 0, math.Inf(1), true)
		case "noise":
			p.number("noise", &a.Noise, 0, 1, true)
		case "replays":
			p.count("replays", &a.Replays, 1, 1000)
		case "loss":
			p.word("loss", &a.Follows, Classification, WholeLoss)
		case "codes":
			p.number("codes", &a.Codes, 0, math.Inf(1), true)
		case "of":
			p.word("of", &a.Of, ofAppearance, ofGeometry, ofBoth)
		}
	}
	if err := p.done(append(slices.Clone(common), m.args...)); err != nil {
		return Adversary{}, err
	}
	if !given {
		return Adversary{}, fmt.Errorf("want eps, the largest change of an image, got none in %q: write it like %s(eps=.3)", text, p.name)
	}
	if a.Alpha == 0 {
		a.Alpha = a.usualStep()
	}
	switch {
	case a.Codes == 0 && a.Of != "":
		return Adversary{}, fmt.Errorf("want codes, the weight of their distance, beside of=%s, got none in %q: write it like codes=1,of=%s", a.Of, text, a.Of)
	case a.Codes > 0 && a.Method != "trades" && a.Clean != .5:
		return Adversary{}, fmt.Errorf("want clean=.5 beside codes, so that each image comes clean and attacked, got clean=%s in %q", short(a.Clean), text)
	case a.Codes > 0 && a.Of == "":
		a.Of = ofBoth
	}
	return a, nil
}

// usualStep is the step of a method that is not told its size.
func (a Adversary) usualStep() float32 {
	switch a.Method {
	case "fast":
		return 1.25 * a.Eps
	case "pgd", "trades":
		return enough(a.Eps, a.Steps)
	}
	return a.Eps
}

// enough lets steps of its size cross the ball with some to spare.
func enough(eps float32, steps int) float32 { return min(eps, 2.5*eps/float32(steps)) }

// Off reports whether there is no adversary.
func (a Adversary) Off() bool { return a.Method == "" }

// String writes all that ParseAdversary reads.
func (a Adversary) String() string {
	if a.Off() {
		return ""
	}
	i := slices.IndexFunc(methods, func(m method) bool { return m.name == a.Method })
	out := []string{"eps=" + short(a.Eps)}
	if i >= 0 {
		for _, arg := range methods[i].args {
			if a.Codes == 0 && (arg == "codes" || arg == "of") {
				continue
			}
			out = append(out, arg+"="+map[string]string{
				"steps": strconv.Itoa(a.Steps), "alpha": short(a.Alpha), "clean": short(a.Clean), "beta": short(a.Beta),
				"noise": short(a.Noise), "replays": strconv.Itoa(a.Replays), "loss": a.Follows,
				"codes": short(a.Codes), "of": a.Of,
			}[arg])
		}
	}
	return a.Method + "(" + strings.Join(append(out, "norm="+a.Norm, "ramp="+a.Ramp.String(), "target="+a.Rebuilds), ",") + ")"
}

// MarshalText is String, for configuration files.
func (a Adversary) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is ParseAdversary, for configuration files.
func (a *Adversary) UnmarshalText(text []byte) error {
	b, err := ParseAdversary(string(text))
	if err == nil {
		*a = b
	}
	return err
}

// check refuses what does not go together. A value made in Go and not read
// from text must survive being written and read.
func (a Adversary) check(twins bool) error {
	if a.Off() {
		return nil
	}
	b, err := ParseAdversary(a.String())
	if err != nil {
		return fmt.Errorf("train.adversary: %w", err)
	}
	if a.Ramp.Zero() {
		a.Ramp = Span{}
	}
	if b != a {
		return fmt.Errorf("train.adversary: want a value as ParseAdversary makes it, got %+v: take %+v", a, b)
	}
	if twins && a.Method == "trades" {
		return errors.New("train.adversary: want no trades beside deform(...) in train.augment, got both: their losses both pair images; take pgd, or leave deform out")
	}
	return nil
}

// replays is the number of updates per batch.
func (a Adversary) replays() int { return max(1, a.Replays) }

// radii returns the largest change and the step size at each step of a run.
func (a Adversary) radii(batch, perEpoch, total int) func(step int) (eps, alpha float32) {
	ramp := a.Ramp.Steps(batch, perEpoch, total)
	return func(step int) (eps, alpha float32) {
		share := risen(step, ramp)
		return share * a.Eps, share * a.Alpha
	}
}

// risen is the share of its value that something has at a step which rises
// linearly over the first ramp steps.
func risen(step, ramp int) float32 {
	if step < ramp {
		return float32(step+1) / float32(ramp)
	}
	return 1
}

// shares says how many of n images come clean and how many attacked.
func (a Adversary) shares(n int) (clean, attacked int) {
	c := float64(a.Clean)
	if c <= .5 {
		return int(math.Round(float64(n) * c / (1 - c))), n
	}
	return n, max(1, int(math.Round(float64(n)*(1-c)/c)))
}
