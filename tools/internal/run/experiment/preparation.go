package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines"
)

// preparation is a way to prepare images for a network.
type preparation struct {
	name      string
	pixels    graphs.Range
	mean, std []float32
}

// guesses are the usual preparations, the most usual first.
func guesses(shape pipelines.Shape) []preparation {
	all := []preparation{{name: "0..1"}, {name: "0..255", pixels: "0..255"}, {name: "-1..1", pixels: "-1..1"}}
	switch {
	case shape.C == 3 && shape.H == 32:
		all = append(all, preparation{"CIFAR-10's mean and deviation", "", []float32{.4914, .4822, .4465}, []float32{.247, .2435, .2616}})
		fallthrough
	case shape.C == 3:
		all = append(all, preparation{"ImageNet's mean and deviation", "", []float32{.485, .456, .406}, []float32{.229, .224, .225}})
	case shape.C == 1:
		all = append(all, preparation{"MNIST's mean and deviation", "", []float32{.1307}, []float32{.3081}})
	}
	return all
}

// givenPreparation is the preparation that m says, false where it says none.
func givenPreparation(m graphs.Model) (preparation, bool) {
	p := preparation{name: "as given", pixels: m.Range, mean: m.Mean, std: m.Std}
	return p, m.Range != "" || len(m.Mean) > 0
}

// affine is what the preparation does to a pixel.
func (p preparation) affine(channels int) (a imported.Affine, err error) {
	lo, hi, err := p.pixels.Bounds()
	for c := range channels {
		scale, shift := hi-lo, lo
		if len(p.mean) > 0 {
			if len(p.mean) != channels || len(p.std) != channels {
				return a, &ConfigError{fmt.Errorf("model.mean, model.std: want a number for each of %d channels, got %d and %d", channels, len(p.mean), len(p.std))}
			}
			scale, shift = 1/p.std[c], -p.mean[c]/p.std[c]
		}
		a.Scale, a.Shift = append(a.Scale, scale), append(a.Shift, shift)
	}
	return a, err
}

// apply writes the preparation into a configuration.
func (p preparation) apply(m *graphs.Model) {
	m.Range, m.Mean, m.Std = p.pixels, p.mean, p.std
	if len(p.mean) > 0 {
		m.Normalise = graphs.BySet
	} else if m.Range == "" {
		m.Range = "0..1" // it is settled
	}
}

// choosePreparation is the place of the preparation that the file tells, unless another is
// clearly more accurate, or else, of those as accurate as the best within a standard
// deviation, of the first whose cross-entropy is about the least or that is more accurate
// than these, and why. What chance may explain besides is said. Without losses the accuracy
// alone decides.
func choosePreparation(all []preparation, m imported.Measured) (best int, why string) {
	n, top := float64(m.Images), float64(slices.Max(m.Correct))
	deviation := math.Sqrt(max(top*(n-top)/n, 1))
	rival := func(i int) bool { return float64(m.Correct[i]) >= top-3*deviation }
	equal := func(i int) bool { return float64(m.Correct[i]) >= top-deviation }
	told := slices.IndexFunc(all, func(p preparation) bool { return m.Wants != "" && p.name == string(m.Wants) })
	if told >= 0 && rival(told) {
		return told, fmt.Sprintf("input range: %s, as the first layers of the file tell (%s)", all[told].name, accuracies(all, m))
	}
	least := math.Inf(1)
	for i := range all {
		if equal(i) && m.Loss != nil {
			least = min(least, m.Loss[i])
		}
	}
	const factor, small = 1.5, .02 // what is explained by chance, and by a scale of the logits
	likely := func(i int) bool { return equal(i) && (m.Loss == nil || !(m.Loss[i] > factor*least+small)) }
	most := 0 // correct with a likely one
	for i := range all {
		if likely(i) {
			most = max(most, m.Correct[i])
		}
	}
	first := 0
	for i := range all {
		// A network that is unsure of itself, as after adversarial training, has a lower
		// cross-entropy on larger values: that alone does not tell the range.
		if likely(i) || equal(i) && m.Correct[i] > most {
			first = i
			break
		}
	}
	others := false
	for i := range all {
		others = others || i != first && rival(i)
	}
	by := "accuracy and cross-entropy"
	if m.Loss == nil {
		by = "accuracy"
	}
	why = fmt.Sprintf("input range: %s, by %s on the first %d images (%s)", all[first].name, by, m.Images, accuracies(all, m))
	if others {
		why += "; another does about as well: give --input-range, or --mean and --std"
	}
	return first, why
}

// accuracies lists the accuracy under each preparation, and the loss where there is one.
func accuracies(all []preparation, m imported.Measured) string {
	words := make([]string, len(all))
	for i, p := range all {
		words[i] = fmt.Sprintf("%s %.1f %%", p.name, 100*float64(m.Correct[i])/float64(m.Images))
		if m.Loss != nil {
			words[i] += fmt.Sprintf(" %.2g", m.Loss[i])
		}
	}
	return strings.Join(words, ", ")
}
