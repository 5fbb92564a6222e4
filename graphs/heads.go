package graphs

import (
	"cmp"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/spec"
)

// Head is the classifier of a model.
type Head interface {
	// Classify maps an embedding [B,D] to logits [B,classes]. s is the scope of
	// the model: the head enters a layer of its own for each of its parts.
	Classify(s *Scope, embedding tf.Output, classes int) tf.Output
}

// headSpec is a head as model.head writes it: a struct whose fields with the
// tag `key` are its options (see [spec]).
type headSpec interface {
	// fit returns the head with model.dropout, resolved, as the dropout rate on
	// its input.
	fit(dropout float32) Head
}

// heads are the heads that model.head can name. A new one is a file with its
// struct, and its row here.
var heads = []spec.Kind[headSpec]{
	{Name: "linear", New: func() headSpec { return new(LinearHead) }},
	{Name: "capsules", New: func() headSpec { return new(CapsuleHead) }},
	{Name: "none", New: func() headSpec { return new(NoHead) }},
}

// defaultHead is what an empty model.head means. Run folders and exports that
// are older than the key have none.
const defaultHead = "linear"

// parseHead reads model.head. An unknown name is a [spec.UnknownError].
func (m Model) parseHead() (headSpec, error) {
	h, err := spec.Parse(cmp.Or(m.Head, defaultHead), heads)
	if err != nil {
		return nil, fmt.Errorf("model.head: %w", err)
	}
	return h, nil
}

// LinearHead is a fully connected layer on the embedding, with dropout on its
// input (Duan et al., eq. 4). Its variables are classifier/kernel and
// classifier/bias.
type LinearHead struct {
	Dropout float32 // rate, in [0,1)
}

func (LinearHead) fit(dropout float32) Head { return LinearHead{Dropout: dropout} }

// Classify adds dropout and the layer.
func (h LinearHead) Classify(s *Scope, embedding tf.Output, classes int) tf.Output {
	x := Dropout{Rate: h.Dropout}.Apply(s.In("dropout"), embedding)
	return Dense{Out: classes, Init: GlorotUniform}.Apply(s.In("classifier"), x)
}
