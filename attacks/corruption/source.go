package corruption

import (
	"fmt"
	"hash/fnv"

	"unwarp/attacks"
)

// Source gives corrupted images.
type Source interface {
	// Name says where they come from; tables of one name can be compared.
	Name() string
	// Kinds are the kinds of corruption there are.
	Kinds() []string
	// Severities are those there are, ascending.
	Severities() []int
	// Len is the number of images of each kind and severity.
	Len() int
	// Read is a block of images [n,H,W,C] in [0,1] with their labels.
	Read(kind string, severity, from, n int) (pixels []float32, labels []int32, err error)
	// Fingerprint tells the images from those of another source.
	Fingerprint() string
}

// Made are images that this package corrupts.
type Made struct {
	Images  attacks.Images
	H, W, C int
	Seed    uint64 // with an image's index, of its random numbers
}

// Name implements [Source].
func (m *Made) Name() string { return "made by unwarp" }

// Kinds implements [Source].
func (m *Made) Kinds() []string { return Kinds() }

// Severities implements [Source].
func (m *Made) Severities() []int {
	out := make([]int, Severities)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// Len implements [Source].
func (m *Made) Len() int { return m.Images.Len() }

// Fingerprint implements [Source]; the clean images have one of their own.
func (m *Made) Fingerprint() string { return fmt.Sprintf("seed %d", m.Seed) }

// Read implements [Source].
func (m *Made) Read(kind string, severity, from, n int) (pixels []float32, labels []int32, err error) {
	size := m.H * m.W * m.C
	pixels = make([]float32, n*size)
	for i := range n {
		h := fnv.New64a()
		fmt.Fprint(h, m.Images.Index[from+i])
		Apply(pixels[i*size:(i+1)*size], m.Images.Pixels[(from+i)*size:(from+i+1)*size], m.H, m.W, m.C, kind, severity, m.Seed^h.Sum64())
	}
	return pixels, m.Images.Labels[from : from+n], nil
}
