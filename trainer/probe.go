package trainer

import (
	"context"
	"fmt"
	"math"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Probe is the attack of evaluation during training: projected gradient
// descent from a random point (Madry et al. 2018) on the classification loss.
// It is there to compare one moment of a run with another, and to choose the
// best checkpoint; what a model withstands is for the attacks package to say.
// The zero value is auto.
type Probe struct {
	off    bool
	Norm   string  // linf or l2; "" is auto
	Eps    float32 // largest change, in units of images in [0,1]
	Alpha  float32 // size of a step
	Steps  int
	Images int // the first n validation images, 0 is all
}

const (
	probeAuto = "auto"
	probeOff  = "off"
)

// ParseProbe reads
//
//	auto                                    the norm and eps of train.adversary; off without one
//	off                                     no attack
//	pgd(eps=.3,steps=10,alpha=.075,norm=linf,images=1000)
//
// of which only eps is needed: 10 steps of 2.5·eps/steps in L-inf on the first
// 1000 images otherwise; images=0 takes all.
func ParseProbe(text string) (Probe, error) {
	switch strings.TrimSpace(text) {
	case "", probeAuto:
		return Probe{}, nil
	case probeOff:
		return Probe{off: true}, nil
	}
	p := readPhrase(text)
	if p.name != "pgd" {
		return Probe{}, fmt.Errorf("want auto, off or pgd(...), got %q", p.name)
	}
	a := Probe{Norm: linf, Steps: 10, Images: 1000}
	_, given := p.args["eps"]
	p.number("eps", &a.Eps, 0, math.Inf(1), true)
	p.count("steps", &a.Steps, 1, 10000)
	p.number("alpha", &a.Alpha, 0, math.Inf(1), true)
	p.word("norm", &a.Norm, linf, l2)
	p.count("images", &a.Images, 0, math.MaxInt32)
	if err := p.done([]string{"eps", "steps", "alpha", "norm", "images"}); err != nil {
		return Probe{}, err
	}
	if !given {
		return Probe{}, fmt.Errorf("want eps, the largest change of an image, got none in %q: write it like pgd(eps=.3)", text)
	}
	if a.Alpha == 0 {
		a.Alpha = enough(a.Eps, a.Steps)
	}
	return a, nil
}

// resolve says what auto comes to.
func (a Probe) resolve(of Adversary) Probe {
	if a.off || a.Norm != "" {
		return a
	}
	if of.Off() {
		return Probe{off: true}
	}
	return Probe{Norm: of.Norm, Eps: of.Eps, Alpha: enough(of.Eps, 10), Steps: 10, Images: 1000}
}

// On reports whether a resolved probe attacks.
func (a Probe) On() bool { return a.Norm != "" }

// adversary is the probe as one that trains.
func (a Probe) adversary() Adversary {
	return Adversary{Method: "pgd", Norm: a.Norm, Eps: a.Eps, Alpha: a.Alpha, Steps: a.Steps, Follows: Classification, Rebuilds: Adversarial}
}

func (a Probe) check() error {
	if b, err := ParseProbe(a.String()); err != nil {
		return fmt.Errorf("train.attacked: %w", err)
	} else if b != a {
		return fmt.Errorf("train.attacked: want a value as ParseProbe makes it, got %+v: take %+v", a, b)
	}
	return nil
}

// String writes all that ParseProbe reads.
func (a Probe) String() string {
	switch {
	case a.off:
		return probeOff
	case a.Norm == "":
		return probeAuto
	}
	return fmt.Sprintf("pgd(eps=%s,steps=%d,alpha=%s,norm=%s,images=%d)", short(a.Eps), a.Steps, short(a.Alpha), a.Norm, a.Images)
}

// MarshalText is String, for configuration files.
func (a Probe) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is ParseProbe, for configuration files.
func (a *Probe) UnmarshalText(text []byte) error {
	b, err := ParseProbe(string(text))
	if err == nil {
		*a = b
	}
	return err
}

// Attacked is how a model does under the attack of train.attacked.
type Attacked struct {
	Attack   string  `json:"attack"` // as in a configuration
	Images   int     `json:"images"`
	Accuracy float64 `json:"accuracy"` // share of images classified right both as they are and attacked, in [0,1]
}

// EvaluateAttacked attacks the first images of src as train.attacked says, and
// counts; nil where it says off. The attack computes in the precision of net,
// the count in float32.
func (p *Plan) EvaluateAttacked(ctx context.Context, net *graphs.Net, src pipelines.Source, seed uint64) (*Attacked, error) {
	if !p.attack.On() {
		return nil, nil
	}
	if err := p.Check(src); err != nil {
		return nil, err
	}
	if n := p.attack.Images; n > 0 && n < src.Len() {
		var err error
		if src, err = pipelines.First(src, n); err != nil {
			return nil, err
		}
	}
	exact, done, err := exactly(net)
	if err != nil {
		return nil, err
	}
	defer done()
	a, err := p.newAttacker(net, p.attack.adversary(), p.probe, pipelines.Seed(seed).Split("attacked"))
	if err != nil {
		return nil, err
	}
	r := &Attacked{Attack: p.attack.String()}
	right := 0
	for b, err := range p.evaluated(ctx, src) {
		if err != nil {
			return nil, err
		}
		ok := make([]bool, b.N)
		for i := range ok {
			ok[i] = true
		}
		if err := p.judge(exact, a.feed, b, ok); err != nil {
			return nil, err
		}
		if b.Images, err = a.images(nil, b, 0, p.attack.Eps, p.attack.Alpha); err != nil {
			return nil, err
		}
		if err := p.judge(exact, a.feed, b, ok); err != nil {
			return nil, err
		}
		for _, o := range ok {
			if o {
				right++
			}
		}
		r.Images += b.N
	}
	r.Accuracy = float64(right) / float64(r.Images)
	return r, nil
}

// judge clears ok where an image is classified wrong.
func (p *Plan) judge(net *graphs.Net, f *feeder, b pipelines.Batch, ok []bool) error {
	feeds, err := f.batch(b, false)
	if err != nil {
		return err
	}
	out, err := net.Run(feeds, []tf.Output{p.best})
	if err != nil {
		return err
	}
	for i, c := range graphs.Ints(nil, out[0]) {
		ok[i] = ok[i] && c == b.Labels[i]
	}
	return nil
}

// exactly is net, or a copy of it in float32 that done closes: products in
// bfloat16 may train a model, but they do not judge it.
func exactly(net *graphs.Net) (exact *graphs.Net, done func(), err error) {
	if net.Precision == graphs.Float32 {
		return net, func() {}, nil
	}
	exact, err = net.Copy(graphs.Options{Device: deviceOf(net)})
	if err != nil {
		return nil, nil, err
	}
	return exact, func() { exact.Close() }, nil
}
