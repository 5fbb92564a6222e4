package graphs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// Encoder maps images [B,H,W,C], in [0,1] before any normalisation, to an
// embedding [B,D].
type Encoder interface {
	Encode(s *Scope, images tf.Output) tf.Output
}

// encoderKind is a value of model.encoder, or a family of them that differ in
// their depth: resnet20, resnet110.
type encoderKind struct {
	name    string   // of a family without the depth
	family  bool     // the depth follows the name
	names   []string // whole, those to offer
	dropout float32  // on the classifier's input, unless model.dropout says otherwise
	make    func(m Model, depth int) (Encoder, error)
}

// encoders are all kinds: a new one is a file with its type, and its row here.
var encoders = []encoderKind{hintonKind, resNetKind}

// ErrEncoder says that model.encoder names none; [Encoders] lists those to
// offer.
var ErrEncoder = errors.New("no such encoder")

// Encoders lists values of model.encoder: every kind, and of families the
// published depths.
func Encoders() []string {
	var out []string
	for _, k := range encoders {
		out = append(out, k.names...)
	}
	return out
}

// encoder finds what model.encoder names and builds it.
func (m Model) encoder() (Encoder, encoderKind, error) {
	name := strings.TrimRight(m.Encoder, "0123456789")
	digits := m.Encoder[len(name):]
	for _, k := range encoders {
		if k.name == name && k.family == (digits != "") {
			depth, _ := strconv.Atoi(digits) // out of range it is the largest int: too deep for any
			e, err := k.make(m, depth)
			return e, k, err
		}
	}
	return nil, encoderKind{}, fmt.Errorf("model.encoder: want one of %s, got %q: %w", strings.Join(Encoders(), ", "), m.Encoder, ErrEncoder)
}
