package graphs

// CertifiedNet is a network of the literature on certified robustness. The
// embedding is its last hidden layer, fully connected with ReLU: of the
// published size for a base CNN, of the size of both codes for other kinds.
//
//	dm-small   conv 16 4x4/2, 32 4x4/1, VALID; 100 (Gowal et al. 2018, table 1)
//	dm-medium  conv 32 3x3/1, 32 4x4/2, 64 3x3/1, 64 4x4/2, VALID; 512, 512
//	dm-large   conv 64 3x3/1, 64 3x3/1, 128 3x3/2, 128 3x3/1, 128 3x3/1, SAME; 512
//	cnn7       dm-large with batch norm after each convolution (Shi et al. 2021)
type CertifiedNet struct {
	net   ConvNet
	units int // of the published last hidden layer
}

func (n CertifiedNet) fit(m Model) Encoder {
	e := n.net
	if e.Units = n.units; m.Kind != "base" {
		e.Units = m.Appearance + m.Geometry
	}
	return e
}

func (CertifiedNet) ownDropout() float32 { return 0 }

func newDMSmall() encoderSpec {
	return &CertifiedNet{ConvNet{Layers: []ConvLayer{{16, 4, 2, true, ""}, {32, 4, 1, true, ""}}}, 100}
}

func newDMMedium() encoderSpec {
	return &CertifiedNet{ConvNet{
		Layers: []ConvLayer{{32, 3, 1, true, ""}, {32, 4, 2, true, ""}, {64, 3, 1, true, ""}, {64, 4, 2, true, ""}},
		Dense:  []int{512},
	}, 512}
}

func newDMLarge() encoderSpec { return newLarge(false) }
func newCNN7() encoderSpec    { return newLarge(true) }

func newLarge(norm bool) encoderSpec {
	return &CertifiedNet{ConvNet{
		Layers: []ConvLayer{{64, 3, 1, false, ""}, {64, 3, 1, false, ""}, {128, 3, 2, false, ""}, {128, 3, 1, false, ""}, {128, 3, 1, false, ""}},
		Norm:   norm,
	}, 512}
}
