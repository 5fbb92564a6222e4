package engine

import (
	"unwarp/attacks"
	"unwarp/graphs"
)

// Session is an attack graph in an open net.
type Session struct {
	Graph *AttackGraph
	Net   *graphs.Net

	others Distributor // nil: this process alone computes
}

// computation names what a session can compute: the gradient of a loss, or one
// of the following.
type computation attacks.Loss

const (
	plainLogits    computation = "logits"  // centred
	verifiedLogits computation = "referee" // the model's own, which decide
	claimedLogits  computation = "claim"   // the same, of an attack that asks for nothing else
	aloneLogits    computation = "alone"   // the same, each image in a batch of its own
	codePrefix                 = "code:"
)

func codesOf(l attacks.Loss) computation { return codePrefix + computation(l) }

// response is what a session computes for one request; its slices are its own.
type response struct {
	loss     float32
	logits   []float32
	gradient []float32
	code     []float32
}

func (r response) lossGradient() attacks.LossGradient {
	return attacks.LossGradient{Loss: r.loss, Logits: r.logits, Gradient: r.gradient}
}
