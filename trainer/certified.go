package trainer

import (
	"errors"
	"fmt"
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/spec"
)

// Certified is the certified training of a configuration: one [CertifiedMethod]
// with its parameters, or none. The zero value is none.
type Certified struct{ Method CertifiedMethod }

// CertifiedMethod is one way of training a model for which much can be proven:
// with a loss of bounds on the margins z_y - z_k over a ball, as package bounds
// writes them. Each is a struct in a file of its own, whose tagged fields are
// its parameters.
//
// The loss is, with the share kappa of the step,
//
//	kappa·CE(z) + (1-kappa)·CE(worst-case logits)
//
// where the worst-case logits are 0 for the label and -lower(m_k) for another
// class k. What decoders and codes add stays beside it.
type CertifiedMethod interface {
	spec.Validator
	// name is what a configuration calls the method.
	name() string
	settings() certifiedSettings
}

// certifiedSettings are the parameters of any certified method.
type certifiedSettings struct {
	Bounding
	eps     float32    // radius of the ball once the ramp has ended
	kappa   [2]float32 // share of the cross-entropy, before and after the ramp
	crown   bool       // margins by CROWN-IBP are mixed in
	beta    [2]float32 // their share, before and after the ramp
	box     float32    // share of eps that is bounded
	norm    string     // of the ball: linf, l2 or l1
	attack  *PGD       // makes the images of the pass, at the end of the ramp; nil: they are clean
	centred bool       // the ball lies around the clean images where the pass is of attacked ones
}

var certifiedMethods = []spec.Kind[CertifiedMethod]{
	{Name: "ibp", New: func() CertifiedMethod { return new(IBP) }},
	{Name: "crown-ibp", New: func() CertifiedMethod { return new(CROWNIBP) }},
	{Name: "mtl-ibp", New: func() CertifiedMethod { return new(MTLIBP) }},
	{Name: "sabr", New: func() CertifiedMethod { return new(SABR) }},
}

// ParseCertified reads one method with its parameters, such as
//
//	ibp(eps=.4,warmup=1ep,ramp=30%,kappa=.5)
//
// "" is none. The methods are [IBP], [CROWNIBP], [MTLIBP] and [SABR]. All need
// eps, in units of images in [0,1].
func ParseCertified(text string) (Certified, error) {
	if strings.TrimSpace(text) == "" {
		return Certified{}, nil
	}
	m, err := spec.Parse(text, certifiedMethods)
	if err != nil {
		return Certified{}, suggest(err)
	}
	return Certified{m}, nil
}

// Off reports whether there is no certified training.
func (c Certified) Off() bool { return c.Method == nil }

// String writes all that [ParseCertified] reads, defaults included.
func (c Certified) String() string {
	if c.Off() {
		return ""
	}
	return spec.FullText(c.Method.name(), c.Method)
}

// MarshalText is String, for configuration files.
func (c Certified) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is [ParseCertified], for configuration files.
func (c *Certified) UnmarshalText(text []byte) error {
	b, err := ParseCertified(string(text))
	if err == nil {
		*c = b
	}
	return err
}

// settings are those of the method; without one there is nothing to bound.
func (c Certified) settings() certifiedSettings {
	if c.Off() {
		return certifiedSettings{}
	}
	return c.Method.settings()
}

// attack makes the images that the pass is trained on; nil where they are clean.
func (c Certified) attack() imageAttack {
	if a := c.settings().attack; a != nil {
		return a
	}
	return nil
}

// check refuses what cannot be combined. A value made in Go must survive being
// written and read.
func (c Certified) check(all Config) error {
	if c.Off() {
		return nil
	}
	b, err := ParseCertified(c.String())
	if err != nil {
		return fmt.Errorf("train.certified: %w", err)
	}
	if c.String() != b.String() {
		return fmt.Errorf("train.certified: want a value as ParseCertified makes it, got %s: parse that text", c)
	}
	switch name := c.Method.name(); {
	case !all.Adversary.Off():
		return fmt.Errorf("train.certified: want none beside train.adversary, got %s and %s: take mtl-ibp or sabr, which attack images themselves", name, all.Adversary.Method.name())
	case all.Teacher != "":
		return errors.New("train.certified: want no train.teacher beside it, got both: bounds are of margins over the label")
	case all.Objective.Temperature != 1:
		return fmt.Errorf("train.certified: want train.objective.temperature 1 beside it, got %g: bounds have no temperature", all.Objective.Temperature)
	case all.Objective.InputGradient > 0:
		return errors.New("train.certified: want no train.objective.input_gradient beside it, got both: leave one out")
	}
	return nil
}

// checkModel refuses models that have no bounds by a key of theirs. Ops without
// bounds are refused once the graph is written.
func (c Certified) checkModel(m graphs.Disentangled) error {
	if by := m.Normalise.By; !c.Off() && (by == graphs.ByImage || by == graphs.ByChannel) {
		return fmt.Errorf("train.certified: want model.normalise none or set, got %s: the moments of the image itself have no bounds", by)
	}
	return nil
}
