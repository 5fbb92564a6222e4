package cells

import (
	"math"
	"slices"

	"unwarp/attacks/certify"
)

// tryAll looks for an example among the transforms of parameters. It ends when
// the image is broken, or the context ends.
func (s *subject) tryAll(parameters [][]float64) error {
	for part := range slices.Chunk(parameters, s.method.Batch) {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		images, labels := s.transforms(part)
		wrong, err := s.classes.Misclassified(s.net, images, labels)
		if err != nil {
			return err
		}
		if i := slices.Index(wrong, true); i >= 0 {
			n := len(s.image)
			s.broken(images[i*n:(i+1)*n], part[i])
			return nil
		}
	}
	return nil
}

// transforms are the images of parameters, and a label for each.
func (s *subject) transforms(parameters [][]float64) (images []float32, labels []int32) {
	n, v := len(s.image), s.victim
	images, labels = make([]float32, len(parameters)*n), make([]int32, len(parameters))
	each(len(parameters), func(i int) {
		s.at.Apply(images[i*n:(i+1)*n], s.image, parameters[i], v.H, v.W, v.C)
		labels[i] = s.label
	})
	return images, labels
}

// broken ends the proof with an example.
func (s *subject) broken(example []float32, parameters []float64) {
	s.result.Status = certify.Broken
	s.result.Example, s.result.Parameters = slices.Clone(example), slices.Clone(parameters)
}

// isBroken tells whether an example is known.
func (s *subject) isBroken() bool { return s.result.Status == certify.Broken }

// grid is a grid of about n parameters within limits, with its corners.
func grid(limits []float64, n int) [][]float64 {
	side := max(int(math.Pow(float64(n), 1/float64(len(limits)))+1e-9), 2)
	out := [][]float64{nil}
	for _, limit := range limits {
		var next [][]float64
		for _, head := range out {
			for i := range side {
				next = append(next, append(slices.Clone(head), limit*(2*float64(i)/float64(side-1)-1)))
			}
		}
		out = next
	}
	return out
}

// proveAll tries all of finitely many transforms.
func (s *subject) proveAll(parameters [][]float64) error {
	s.result.Method, s.result.Domains = "exhaustive", max(len(parameters), 1)
	if err := s.tryAll(parameters); err != nil || s.isBroken() {
		return err
	}
	s.result.Status = certify.Proven
	return nil
}
