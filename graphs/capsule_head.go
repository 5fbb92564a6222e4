package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// CapsuleHead makes a capsule for each class of the capsules below, and takes
// their activations for the classes: the logistic function of a logit is the
// activation of its class (em), or the softmax is (self).
//
// Where the encoder is a [CapsuleNet] without an embedding layer, the capsules
// below are its own, and votes are given the coordinates of their places. Of any
// other embedding Types primary capsules are made by a linear layer; of the codes
// of a disentangled model with codes=split the geometric code makes the poses and
// the appearance code the activations.
type CapsuleHead struct {
	Types int `key:"types" default:"16" in:"[1,1024]" help:"primary capsules that are made of the embedding, where the encoder makes none"`
	Routing
	Coordinates string `key:"coordinates" default:"add" oneof:"add none" help:"whether the votes of em are given the place of their capsule"`
	Codes       string `key:"codes" default:"joint" oneof:"joint split" help:"of what primary capsules are made: joint, or poses of the geometric and activations of the appearance code"`

	dropout    float32
	appearance int           // size of the first code, for split codes
	below      CapsuleLayout // of the embedding; zero where that holds no capsules
}

func (h CapsuleHead) fit(dropout float32) Head {
	h.dropout = dropout
	return h
}

// reading is h for what the embedding of m holds, of images [B,H,W,C].
func (h CapsuleHead) reading(m Disentangled, images tf.Output) CapsuleHead {
	if net, ok := m.Encoder.(CapsuleNet); ok && net.units == 0 {
		h.below = net.layout(int(images.Shape().Size(1)), int(images.Shape().Size(2)))
	}
	if m.Warp {
		h.appearance = m.Appearance
	}
	return h
}

// Classify adds the primary capsules, where there are none, and those of the
// classes.
func (h CapsuleHead) Classify(s *Scope, embedding tf.Output, classes int) tf.Output {
	x := Dropout{Rate: h.dropout}.Apply(s.In("dropout"), embedding)
	s = s.In("classifier")
	below, ok := h.capsulesOf(s, x)
	if !ok || !s.OK() {
		return tf.Output{}
	}
	return h.Routing.classify(s.In("classes"), below, classes, h.Coordinates != "none" && below.places() > 1)
}

// capsulesOf are the capsules that an embedding [B,D] holds, or that are made of
// it.
func (h CapsuleHead) capsulesOf(s *Scope, x tf.Output) (capsules, bool) {
	if h.below != (CapsuleLayout{}) {
		return unpackCapsules(s, x, h.below)
	}
	d, ok := s.Dims(x, 2, "an embedding [B,D]")
	if !ok {
		return capsules{}, false
	}
	poses, active := x, x
	if h.Codes == "split" {
		if h.appearance < 1 || int64(h.appearance) >= d[1] {
			s.Errorf("want an appearance and a geometric code for codes=split, got an embedding without them: set model.kind=disentangled or codes=joint")
			return capsules{}, false
		}
		split := Disentangled{Appearance: h.appearance, Geometry: int(d[1]) - h.appearance, Warp: true}
		active, poses = split.splitCodes(s, x)
	}
	return densePrimaryCapsules(s.In("primary"), poses, active, h.Types)
}
