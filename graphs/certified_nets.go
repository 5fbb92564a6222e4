package graphs

// CertifiedNet is a network of the literature on certified robustness. The
// embedding is its last hidden layer, fully connected with ReLU: of the
// published size for a base CNN, of the size of both codes for other kinds.
//
//	dm-small   conv 16 4x4/2, 32 4x4/1, VALID; 100 (Gowal et al. 2018, table 1)
//	dm-medium  conv 32 3x3/1, 32 4x4/2, 64 3x3/1, 64 4x4/2, VALID; 512, 512
//	dm-large   conv 64 3x3/1, 64 3x3/1, 128 3x3/2, 128 3x3/1, 128 3x3/1, SAME; 512
//	cnn7       dm-large(norm=batch) (Shi et al. 2021)
type CertifiedNet struct {
	Norm  string `key:"norm" default:"none" oneof:"none batch" help:"batch norm after each convolution"`
	net   ConvNet
	units int // of the published last hidden layer
}

func (n CertifiedNet) fit(m Model) Encoder {
	e := n.net
	e.Norm = n.Norm == "batch"
	if e.Units = n.units; m.Kind != "base" {
		e.Units = m.Appearance + m.Geometry
	}
	return e
}

func (CertifiedNet) ownDropout() float32 { return 0 }

// CNN7 is dm-large with batch norm, under the name that the literature gives it.
type CNN7 struct{ large CertifiedNet }

func (n CNN7) fit(m Model) Encoder {
	n.large.Norm = "batch"
	return n.large.fit(m)
}

func (CNN7) ownDropout() float32 { return 0 }

func newDMSmall() encoderSpec {
	return &CertifiedNet{net: ConvNet{Layers: []ConvLayer{{16, 4, 2, true, ""}, {32, 4, 1, true, ""}}}, units: 100}
}

func newDMMedium() encoderSpec {
	return &CertifiedNet{net: ConvNet{
		Layers: []ConvLayer{{32, 3, 1, true, ""}, {32, 4, 2, true, ""}, {64, 3, 1, true, ""}, {64, 4, 2, true, ""}},
		Dense:  []int{512},
	}, units: 512}
}

func newDMLarge() encoderSpec {
	n := large
	return &n
}

func newCNN7() encoderSpec { return &CNN7{large} }

var large = CertifiedNet{net: ConvNet{
	Layers: []ConvLayer{{64, 3, 1, false, ""}, {64, 3, 1, false, ""}, {128, 3, 2, false, ""}, {128, 3, 1, false, ""}, {128, 3, 1, false, ""}},
}, units: 512}
