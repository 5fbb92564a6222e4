package library

import (
	"slices"

	"unwarp/attacks/vector"
)

// saliencyMap finds the pair of values with the largest saliency. Its slices are
// kept for reuse.
type saliencyMap struct{ order, front []int }

// bestPair is the pair of values (p,q) with the largest product of
// alpha[p]+alpha[q] and -(beta[p]+beta[q]), both positive (algorithm 3 of
// Papernot et al. 2016); both sums change sign with theta. alpha is the gradient
// of the target's logit, beta that of the sum of the others. ok is false if there
// is no such pair among the values that can move.
//
// A value needs no consideration if two others are at least as large in both
// alpha and -beta: in any pair one of the two can replace it. The Pareto front
// that remains has a few of thousands of values, so that neither time nor memory
// is that of a matrix of all pairs.
func (m *saliencyMap) bestPair(alpha, beta []float32, theta float32, canMove func(i int) bool) (p, q int, ok bool) {
	sign := vector.Sign(theta)
	m.sortByAlpha(alpha, sign, canMove)
	m.keepFront(beta, sign)
	var best float64
	for k, i := range m.front {
		for _, j := range m.front[:k] {
			a, b := float64(sign)*(float64(alpha[i])+float64(alpha[j])), -float64(sign)*(float64(beta[i])+float64(beta[j]))
			if a > 0 && b > 0 && a*b > best {
				best, p, q, ok = a*b, min(i, j), max(i, j), true
			}
		}
	}
	return p, q, ok
}

// sortByAlpha sets order to the values that can move, the largest sign·alpha
// first.
func (m *saliencyMap) sortByAlpha(alpha []float32, sign float32, canMove func(i int) bool) {
	m.order = m.order[:0]
	for i := range alpha {
		if canMove(i) {
			m.order = append(m.order, i)
		}
	}
	slices.SortFunc(m.order, func(i, j int) int {
		switch {
		case sign*alpha[i] > sign*alpha[j]:
			return -1
		case sign*alpha[i] < sign*alpha[j]:
			return 1
		}
		return i - j
	})
}

// keepFront sets front to the values of order with fewer than two others that are
// at least as large in alpha and -beta. Those come before it in order: the two
// largest -beta so far decide.
func (m *saliencyMap) keepFront(beta []float32, sign float32) {
	m.front = m.front[:0]
	first, second := 0, 0
	for _, i := range m.order {
		switch v := -sign * beta[i]; {
		case len(m.front) == 0:
			first = i
		case v > -sign*beta[first]:
			first, second = i, first
		case len(m.front) == 1 || v > -sign*beta[second]:
			second = i
		default:
			continue
		}
		m.front = append(m.front, i)
	}
}
