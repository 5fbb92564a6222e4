package checks

import (
	"math"
	"slices"
)

// top is the class with the largest logit, the first of equals.
func top(z []float32) int {
	best := 0
	for k, v := range z {
		if v > z[best] {
			best = k
		}
	}
	return best
}

// rival is the largest logit of a class other than label.
func rival(z []float32, label int) int {
	best := -1
	for k, v := range z {
		if k != label && (best < 0 || v > z[best]) {
			best = k
		}
	}
	return best
}

// lead is by how much the best other class leads the label: it is positive
// where the image is misclassified.
func lead(z []float32, label int) float64 {
	return float64(z[rival(z, label)]) - float64(z[label])
}

// doubt is 1 minus the probability of a class, exact where that is near 1.
func doubt(z []float32, class int) float64 {
	var rest float64
	for k, v := range z {
		if k != class {
			rest += math.Exp(float64(v) - float64(z[class]))
		}
	}
	if math.IsInf(rest, 1) {
		return 1
	}
	return rest / (1 + rest)
}

func length(x []float32) float64 {
	var s float64
	for _, v := range x {
		s += float64(v) * float64(v)
	}
	return math.Sqrt(s)
}

// apart is the distance of a and b relative to a's length.
func apart(a, b []float32) float64 {
	d := make([]float32, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return length(d) / max(length(a), 1e-12)
}

func largest(x []float32) float64 {
	var m float64
	for _, v := range x {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}

func finite(x []float32) bool {
	return !slices.ContainsFunc(x, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) })
}

func sign(v float32) float32 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// cosine of the angle between a and b; 0 where one has no length.
func cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// median of x, which it sorts; 0 of none.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return x[(len(x)-1)/2]
}

func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(max(1, len(x)))
}
