package disentanglement

import "math"

// thresholds is a linear support vector machine on one unit: a line for each class
// against the others, of which the largest value wins.
type thresholds struct {
	classes           []float64 // of the values that occur
	weights, offsets  []float64
	againstOne, empty bool // two classes share one line
}

// svmCost is the cost of an error in Locatello et al.
const svmCost = .01

// fitThresholds fits to values 0..classes-1 of the units x. Errors are squared
// hinges, each class weighs as much as the others where it is the one to find, and
// the offset is penalised as the weight is: liblinear's default, with the class
// weights "balanced" of scikit-learn.
func fitThresholds(x, values []float64, classes int) thresholds {
	counts := make([]float64, classes)
	for _, v := range values {
		counts[int(v)]++
	}
	var t thresholds
	for c, n := range counts {
		if n > 0 {
			t.classes = append(t.classes, float64(c))
		}
	}
	weight := func(class float64) float64 {
		return float64(len(x)) / (float64(len(t.classes)) * counts[int(class)])
	}
	signs, costs := make([]float64, len(x)), make([]float64, len(x))
	fit := func(one float64, other func(v float64) float64) {
		for i, v := range values {
			if signs[i], costs[i] = -1, svmCost*other(v); v == one {
				signs[i], costs[i] = 1, svmCost*weight(one)
			}
		}
		w, b := fitLine(x, signs, costs)
		t.weights, t.offsets = append(t.weights, w), append(t.offsets, b)
	}
	switch len(t.classes) {
	case 1:
		t.empty = true
	case 2:
		t.againstOne = true
		fit(t.classes[1], weight)
	default:
		for _, c := range t.classes {
			fit(c, func(float64) float64 { return 1 })
		}
	}
	return t
}

// accuracy is the share of units x whose value is found.
func (t thresholds) accuracy(x, values []float64) float64 {
	right := 0.
	for i, v := range x {
		if t.classify(v) == values[i] {
			right++
		}
	}
	return right / float64(len(x))
}

func (t thresholds) classify(x float64) float64 {
	if t.empty {
		return t.classes[0]
	}
	if t.againstOne {
		if t.weights[0]*x+t.offsets[0] > 0 {
			return t.classes[1]
		}
		return t.classes[0]
	}
	best, at := math.Inf(-1), 0
	for k := range t.classes {
		if v := t.weights[k]*x + t.offsets[k]; v > best {
			best, at = v, k
		}
	}
	return t.classes[at]
}

// fitLine minimises (w² + b²)/2 + Σ cost·max(0, 1 − sign·(w·x + b))², which is
// convex and piecewise quadratic, by Newton steps with backtracking.
func fitLine(x, signs, costs []float64) (w, b float64) {
	value := lineObjective(x, signs, costs, w, b)
	for range 100 {
		gw, gb, hww, hwb, hbb := w, b, 1., 0., 1.
		for i, v := range x {
			if slack := 1 - signs[i]*(w*v+b); slack > 0 {
				gw -= 2 * costs[i] * signs[i] * slack * v
				gb -= 2 * costs[i] * signs[i] * slack
				hww += 2 * costs[i] * v * v
				hwb += 2 * costs[i] * v
				hbb += 2 * costs[i]
			}
		}
		det := hww*hbb - hwb*hwb
		dw, db := (hbb*gw-hwb*gb)/det, (hww*gb-hwb*gw)/det
		step, next := 1., 0.
		for ; step > 1e-10; step /= 2 {
			if next = lineObjective(x, signs, costs, w-step*dw, b-step*db); next < value {
				break
			}
		}
		if !(next < value) {
			break
		}
		w, b = w-step*dw, b-step*db
		if value-next <= 1e-14*value {
			break
		}
		value = next
	}
	return w, b
}

func lineObjective(x, signs, costs []float64, w, b float64) float64 {
	sum := (w*w + b*b) / 2
	for i, v := range x {
		if slack := 1 - signs[i]*(w*v+b); slack > 0 {
			sum += costs[i] * slack * slack
		}
	}
	return sum
}
