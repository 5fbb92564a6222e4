package trainer

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Terms are the parts of the loss in the graph, scalars or one value per image.
// Parts that a model does not have are zero Outputs.
type Terms struct {
	Total, Classification, Reconstruction, CodeChange tf.Output
	Divergence                                        tf.Output // trades: KL(clean ‖ adversarial), nats
	InputGradient                                     tf.Output // squared norm, see [inputGradient]
	CodeShift                                         tf.Output // of the codes under attack, see [CodePenalty]
	WorstCase                                         tf.Output // certified training: cross-entropy of the worst-case logits
	Tightness, Balance                                tf.Output // its regularisers, weighted, see [boundLoss.regularise]
	WeightSize                                        tf.Output // sum of absolute kernels
	SwapClass, SwapGeometry, SwapAppearance           tf.Output // of exchanged images, see [Swap]
	Dependence                                        tf.Output // of both codes, see [Independence]
	Verified, Radius                                  tf.Output // no part of the loss: share of rows verified, and the radius
	EmbeddingSpread                                   tf.Output // no part of the loss, see [embeddingSpread]
	Accuracy                                          tf.Output // no part of the loss, see [batchAccuracy]

	entropies tf.Output // [B], what Classification averages
	means     tf.Output // [boundMeanCount,L], what other replicas need for Tightness and Balance
}

// Losses are the values of the terms at one step.
type Losses struct {
	Total          float32 `json:"loss"`
	Classification float32 `json:"classification"`
	Reconstruction float32 `json:"reconstruction,omitempty"`
	CodeChange     float32 `json:"code_change,omitempty"`
	GradientNorm   float32 `json:"gradient_norm"`
	Divergence     float32 `json:"divergence,omitempty"`     // trades
	InputGradient  float32 `json:"input_gradient,omitempty"` // squared norm, mean over the images
	CodeShift      float32 `json:"code_shift,omitempty"`     // of the codes under attack
	WorstCase      float32 `json:"worst_case,omitempty"`     // certified training: cross-entropy of the worst-case logits
	Tightness      float32 `json:"tightness,omitempty"`      // its regularisers, weighted
	Balance        float32 `json:"balance,omitempty"`
	WeightSize     float32 `json:"weight_size,omitempty"`   // sum of absolute kernels
	SwapClass      float32 `json:"swap_class,omitempty"`    // of exchanged images: cross-entropy,
	SwapGeometry   float32 `json:"swap_geometry,omitempty"` // and relative changes of the codes
	SwapAppearance float32 `json:"swap_appearance,omitempty"`
	Dependence     float32 `json:"dependence,omitempty"`     // of both codes
	Radius         float32 `json:"certified_eps,omitempty"`  // of the balls of the step
	Verified       float32 `json:"verified_share,omitempty"` // share of the batch that is verified at this radius, in [0,1]
	// EmbeddingSpread is how much the embeddings of the batch differ, in [0,1];
	// 0 if all are equal, or zero.
	EmbeddingSpread float32 `json:"embedding_spread"`
	// Accuracy is the share of the step's images that are classified correctly,
	// in [0,1], as the step sees them: augmented, attacked, with dropout, before
	// its update. With mixup each label of an image counts by its share.
	Accuracy float32 `json:"accuracy"`
}

// term is a scalar of a training step. Its name is its key in metrics.jsonl and
// its tag in TensorBoard.
type term struct {
	name  string
	value tf.Output
	field func(*Losses) *float32
}

// gradientNorm is the name of the norm of the gradient of all weights.
const gradientNorm = "gradient_norm"

// list is what a step reports: the terms that the loss has, and the norm of the
// gradient of all weights.
func (t Terms) list(norm tf.Output) []term {
	all := []term{
		{"loss", t.Total, func(l *Losses) *float32 { return &l.Total }},
		{"classification", t.Classification, func(l *Losses) *float32 { return &l.Classification }},
		{"reconstruction", t.Reconstruction, func(l *Losses) *float32 { return &l.Reconstruction }},
		{"code_change", t.CodeChange, func(l *Losses) *float32 { return &l.CodeChange }},
		{"divergence", t.Divergence, func(l *Losses) *float32 { return &l.Divergence }},
		{"input_gradient", t.InputGradient, func(l *Losses) *float32 { return &l.InputGradient }},
		{"code_shift", t.CodeShift, func(l *Losses) *float32 { return &l.CodeShift }},
		{"worst_case", t.WorstCase, func(l *Losses) *float32 { return &l.WorstCase }},
		{"tightness", t.Tightness, func(l *Losses) *float32 { return &l.Tightness }},
		{"balance", t.Balance, func(l *Losses) *float32 { return &l.Balance }},
		{"swap_class", t.SwapClass, func(l *Losses) *float32 { return &l.SwapClass }},
		{"swap_geometry", t.SwapGeometry, func(l *Losses) *float32 { return &l.SwapGeometry }},
		{"swap_appearance", t.SwapAppearance, func(l *Losses) *float32 { return &l.SwapAppearance }},
		{"dependence", t.Dependence, func(l *Losses) *float32 { return &l.Dependence }},
		{"weight_size", t.WeightSize, func(l *Losses) *float32 { return &l.WeightSize }},
		{"certified_eps", t.Radius, func(l *Losses) *float32 { return &l.Radius }},
		{"verified_share", t.Verified, func(l *Losses) *float32 { return &l.Verified }},
		{"embedding_spread", t.EmbeddingSpread, func(l *Losses) *float32 { return &l.EmbeddingSpread }},
		{"accuracy", t.Accuracy, func(l *Losses) *float32 { return &l.Accuracy }},
		{gradientNorm, norm, func(l *Losses) *float32 { return &l.GradientNorm }},
	}
	return slices.DeleteFunc(all, func(t term) bool { return t.value.Op == nil })
}

// termVector is a list of terms that one fetch returns.
type termVector struct {
	terms  []term
	vector tf.Output // float32 [len(terms)]
}

func packTerms(s *graphs.Scope, terms []term) termVector {
	values := make([]tf.Output, len(terms))
	for i, t := range terms {
		values[i] = t.value
	}
	return termVector{terms, op.Pack(s.Op("losses"), values)}
}

// losses unpacks the fetched vector.
func (v termVector) losses(fetched []float32) Losses {
	var l Losses
	for i, x := range fetched {
		*v.terms[i].field(&l) = x
	}
	return l
}
