package trainer

import (
	"errors"
	"fmt"
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/spec"
	"unwarp/pipelines"
)

// Adversary is the adversarial training of a configuration: one [Method] with
// its parameters, or none. The zero value is none.
type Adversary struct{ Method Method }

// Method is one way of adversarial training: it says which images a model is
// trained on in place of, or beside, those of the data set. Each method is a
// struct in a file of its own, whose tagged fields are its parameters.
//
// Adversarial images are made anew for the present weights at every step. The
// method sees the model as an attacker does, without dropout and with batch
// norm's statistics fixed; only [Free] sees the training pass itself. No
// gradient goes through the making of an image. With deformed views the image
// is attacked and its view is not.
//
// A method is also either an [imageAttack] or an [inPassAttack].
type Method interface {
	spec.Validator
	// name is what a configuration calls the method.
	name() string
	// settings are the parameters that each method has in some form.
	settings() settings
	// loss is the training loss of a batch of rows, see [Objective.batchTerms].
	loss(s *graphs.Scope, o Objective, f graphs.Forward, t targets) Terms
	// check refuses parts of c that the method cannot be combined with.
	check(c Config) error
}

// settings are the parameters of any method.
type settings struct {
	Common
	eps, alpha float32 // largest change of an image and size of a step, once the ramp has ended
	replays    int     // training steps per batch
	codes      CodePenalty
	weights    WeightPerturbation
}

// methods lists the methods in the order in which messages name them.
var methods = methodKinds(
	func() Method { return new(FGSM) },
	func() Method { return new(PGD) },
	func() Method { return new(TRADES) },
	func() Method { return new(Fast) },
	func() Method { return new(Free) },
)

func methodKinds(news ...func() Method) []spec.Kind[Method] {
	var kinds []spec.Kind[Method]
	for _, n := range news {
		kinds = append(kinds, spec.Kind[Method]{Name: n().name(), New: n})
	}
	return kinds
}

// ParseAdversary reads one method with its parameters, such as
//
//	pgd(eps=8/255,steps=7,ramp=2ep)
//
// "" is none. The methods are [FGSM], [PGD], [TRADES], [Fast] and [Free]. All
// need eps, the largest change of an image, in units of images in [0,1].
func ParseAdversary(text string) (Adversary, error) {
	if strings.TrimSpace(text) == "" {
		return Adversary{}, nil
	}
	m, err := spec.Parse(text, methods)
	if err != nil {
		return Adversary{}, suggest(err)
	}
	return Adversary{m}, nil
}

// suggest adds to an error about an unknown word the known one nearest to it.
func suggest(err error) error {
	var u *spec.UnknownError
	if errors.As(err, &u) {
		return fmt.Errorf("%w%s", err, pipelines.DidYouMean(u.Got, u.Known, "%q"))
	}
	return err
}

// Off reports whether there is no adversary.
func (a Adversary) Off() bool { return a.Method == nil }

// String writes all that [ParseAdversary] reads, defaults included: a run
// keeps its meaning when a default changes.
func (a Adversary) String() string {
	if a.Off() {
		return ""
	}
	return spec.FullText(a.Method.name(), a.Method)
}

// MarshalText is String, for configuration files.
func (a Adversary) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is [ParseAdversary], for configuration files.
func (a *Adversary) UnmarshalText(text []byte) error {
	b, err := ParseAdversary(string(text))
	if err == nil {
		*a = b
	}
	return err
}

// check refuses what cannot be combined. A value made in Go and not read from
// text must survive being written and read.
func (a Adversary) check(c Config) error {
	if a.Off() {
		return nil
	}
	b, err := ParseAdversary(a.String())
	if err != nil {
		return fmt.Errorf("train.adversary: %w", err)
	}
	if a.String() != b.String() {
		return fmt.Errorf("train.adversary: want a value as ParseAdversary makes it, got %s: take %s", a, b)
	}
	return a.Method.check(c)
}

// settings are those of the method; without one there is nothing to scale, and
// each batch is used once.
func (a Adversary) settings() settings {
	if a.Off() {
		return settings{replays: 1}
	}
	return a.Method.settings()
}

// loss is the training loss of a batch: that of the method, or eq. 5 and eq. 8.
func (a Adversary) loss(s *graphs.Scope, o Objective, f graphs.Forward, t targets) Terms {
	if a.Off() {
		return o.batchTerms(s, f, t)
	}
	return a.Method.loss(s, o, f, t)
}

// radii returns the largest change and the step size at each step of a run.
func (a Adversary) radii(batch, perEpoch, total int) func(step int) (eps, alpha float32) {
	m := a.settings()
	ramp := m.Ramp.Steps(batch, perEpoch, total)
	return func(step int) (eps, alpha float32) {
		share := rampShare(step, ramp)
		return share * m.eps, share * m.alpha
	}
}

// rampShare is the share of its final value that a setting has at a step. It
// rises linearly over the first ramp steps.
func rampShare(step, ramp int) float32 {
	if step < ramp {
		return float32(step+1) / float32(ramp)
	}
	return 1
}
