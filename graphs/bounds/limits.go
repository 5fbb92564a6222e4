package bounds

import (
	"fmt"

	"unwarp/graphs/memory"
)

// live is about how many tensors of the size of the rows a back-substitution
// holds at once, liveSlopes how many of the size of all slopes Adam does.
const live, liveSlopes = 8, 6

// fit lowers Images and Rows so far that no run takes more memory than the
// settings allow, and says how many domains run at once. It refuses networks of
// which not even two rows fit.
func (s Settings) fit(n *Network) (Settings, int, error) {
	budget, by := float64(s.Memory), "the setting"
	if s.Memory == 0 {
		free := memory.Free()
		budget, by = float64(free.Bytes)/2, "half of "+free.By
	}
	var widest, slopes float64
	for _, x := range n.nodes {
		widest = max(widest, float64(x.size()))
	}
	for _, size := range n.ActivationSizes() {
		slopes += float64(size)
	}
	row := 4 * live * widest
	of := row // a row of a neuron
	if s.NeuronSteps > 0 {
		of += 4 * liveSlopes * slopes
	}
	domain := row + 4*liveSlopes*slopes
	if most := max(2*of, domain); most > budget {
		return s, 0, fmt.Errorf("bounds: want at most %s of memory (%s), got a network of which two rows of coefficients take about %s: use smaller images, a smaller network or another machine", memory.Format(uint64(budget)), by, memory.Format(uint64(most)))
	}
	last := 1.
	if k := len(n.activations); k > 0 {
		last = float64(n.activations[k-1].size())
	}
	margins := min(float64(n.Classes-1), float64(s.Rows))
	perImage := max(row*margins, 4*live*float64(n.Classes)*last, of*float64(s.Rows))
	if fits := int(budget / perImage); fits < s.Images {
		s.Images = max(fits, 1)
	}
	if fits := int(budget/of) &^ 1; fits < s.Rows {
		s.Rows = max(fits, 2)
	}
	return s, max(min(s.Rows, int(budget/domain)), 1), nil
}
