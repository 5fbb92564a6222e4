package embedding

import (
	"gonum.org/v1/gonum/mat"

	"unwarp/trainer"
)

// Code is one of the codes of a model.
type Code struct {
	Name   string
	values func(c trainer.Codes) []float32
}

// Codes returns the codes of a model in the order in which they are shown: the
// embedding, and of a disentangled model the appearance and the geometric code.
func Codes(disentangled bool) []Code {
	all := []Code{{"embedding", func(c trainer.Codes) []float32 { return c.Embedding }}}
	if disentangled {
		all = append(all,
			Code{"appearance", func(c trainer.Codes) []float32 { return c.Appearance }},
			Code{"geometry", func(c trainer.Codes) []float32 { return c.Geometry }})
	}
	return all
}

// matrix returns the code of each image, [N,D].
func (c Code) matrix(all trainer.Codes) *mat.Dense {
	values := c.values(all)
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return mat.NewDense(all.N, len(values)/all.N, wide)
}
