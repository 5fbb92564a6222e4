package onnx

import (
	"unwarp/graphs/bounds"
)

// layer is a step with its constants; In are numbers of layers.
type layer struct {
	bounds.Step
	weights array
	bias    []float64 // of convolutions and products; nil for none
	gone    bool      // it has become part of another
}

// affine tells whether scales and shifts after l can become part of it.
func (l *layer) affine() bool {
	return l.Kind == bounds.ConvolutionStep || l.Kind == bounds.DepthwiseStep || l.Kind == bounds.ProductStep
}

// outputs is the number of channels or units of an affine layer.
func (l *layer) outputs() int { return int(l.Dims[len(l.Dims)-1]) }

// fold makes scales and shifts by channel part of the layers before them, where
// nothing else reads those.
func fold(layers []layer) error {
	readers := make([]int, len(layers))
	for _, l := range layers {
		for _, in := range l.In {
			readers[in]++
		}
	}
	for i := range layers {
		l := &layers[i]
		for k, in := range l.In { // what was read may have become part of another
			for layers[in].gone {
				in = layers[in].In[0]
			}
			l.In[k] = in
		}
		if l.Kind != bounds.ShiftStep && l.Kind != bounds.ScaleStep {
			continue
		}
		before := &layers[l.In[0]]
		constants, ok, err := l.byChannel()
		if err != nil {
			return err
		}
		if ok && before.affine() && readers[l.In[0]] == 1 {
			before.absorb(*l, constants)
			l.gone, readers[l.In[0]] = true, readers[i]
		}
	}
	return nil
}

// byChannel are the constants of a scale or shift, one for each channel; false
// where they differ within one.
func (l *layer) byChannel() ([]float64, bool, error) {
	a, err := l.weights.align(l.Dims)
	if err != nil {
		return nil, false, err
	}
	last := len(a.shape) - 1
	if last < 0 || sizeOf(a.shape) != a.shape[last] {
		return nil, false, nil
	}
	constants := make([]float64, l.Dims[last])
	for i := range constants {
		constants[i] = a.data[i%len(a.data)]
	}
	return constants, true, nil
}

// absorb applies a scale or a shift to the outputs of l.
func (l *layer) absorb(s layer, constants []float64) {
	if l.bias == nil {
		l.bias = make([]float64, l.outputs())
	}
	if s.Kind == bounds.ShiftStep {
		for i, v := range constants {
			l.bias[i] += s.Signs[0] * v
		}
		return
	}
	for i, v := range constants {
		l.bias[i] *= v
	}
	units := l.outputs() // the last axis of weights, or the last two of a depthwise kernel
	for i := range l.weights.data {
		unit := i % units
		if l.Transposed {
			unit = i / (len(l.weights.data) / units)
		}
		l.weights.data[i] *= constants[unit]
	}
}
