package trainer

import (
	"errors"

	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Independence is train.objective.independence: "" for none, or
//
//	hsic(weight=1,kernel=linear)
//
// which penalises what the two codes of a batch tell of each other.
type Independence struct{ HSIC }

// HSIC are the options of [Independence], see [graphs.Dependence].
type HSIC struct {
	Weight float32       `key:"weight" default:"1" in:"(0,1e6]" help:"weight of the dependence of both codes"`
	Kernel graphs.Kernel `key:"kernel" default:"linear" oneof:"linear correlation rbf" help:"how codes are compared: linear, correlation (all units alike) or rbf (not only linear dependence)"`
}

const hsicName = "hsic"

// leastRows is the smallest batch of which the dependence can be estimated.
const leastRows = 4

// Off reports whether there is none.
func (p Independence) Off() bool { return p == Independence{} }

// String writes what UnmarshalText reads, defaults included.
func (p Independence) String() string { return namedText(hsicName, p.HSIC) }

// MarshalText is String, for configuration files.
func (p Independence) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the text, for configuration files.
func (p *Independence) UnmarshalText(text []byte) error { return parseNamed(text, hsicName, &p.HSIC) }

// join adds the weighted dependence of the codes of f, where it is above 0.
func (p Independence) join(s *graphs.Scope, f graphs.Forward, t Terms) Terms {
	if p.Off() || !s.OK() {
		return t
	}
	s = s.In("independence")
	t.Dependence = graphs.Dependence(s, f.Appearance, f.Geometry, p.Kernel)
	if s.OK() {
		t.Total = op.AddV2(s.Op("total"), t.Total, graphs.Weighted(s, p.Weight, op.Relu(s.Op("positive"), t.Dependence)))
	}
	return t
}

// checkSeparation refuses what the terms of both codes cannot be beside.
func (c Config) checkSeparation() error {
	o := c.Objective
	asked := ""
	switch {
	case !o.Swap.Off():
		asked = "train.objective.swap"
	case !o.Independence.Off():
		asked = "train.objective.independence"
	}
	switch {
	case asked == "":
		return nil
	case c.Replicas > 1:
		return errors.New(asked + ": want one device for it, since each replica would compare the images of its own share: leave it out, or train.replicas")
	case !o.Swap.Off() && !c.Adversary.Off():
		return errors.New("train.objective.swap: want no train.adversary beside it, whose images are not exchanged: leave one out")
	case !o.Independence.Off() && c.Batch < leastRows:
		return errors.New("train.objective.independence: want a train.batch of at least 4 images, of which it is estimated")
	}
	return nil
}

// checkModel refuses terms of codes that a model does not have, and a spread loss of
// activations that are not the logistic function of the logits.
func (o Objective) checkModel(m graphs.Disentangled) error {
	if h, ok := m.Head.(graphs.CapsuleHead); ok && h.Method == "self" && !o.Loss.Off() {
		return errors.New("train.objective.loss: want routing=em in model.head beside spread, got routing=self, whose logits are logarithms of shares: take cross-entropy")
	}
	if !m.Warp && !o.Swap.Off() {
		return errors.New("train.objective.swap: want model.kind=disentangled, whose codes can be exchanged")
	}
	if !m.Warp && !o.Independence.Off() {
		return errors.New("train.objective.independence: want model.kind=disentangled, which has two codes")
	}
	return nil
}
