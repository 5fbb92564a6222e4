package library

import (
	"math"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// projectOnHyperplane writes to d the smallest change of x, in the threat's
// norm, for which w·d = gain and x+d is in the box. If the box does not reach the
// hyperplane, x+d is its corner in that direction (Croce and Hein 2020, section
// 3). scratch has as many elements as x.
func projectOnHyperplane(t attacks.Threat, d, x, w []float32, gain float64, scratch []int32) {
	sign := float32(1)
	if gain < 0 {
		sign, gain = -1, -gain
	}
	if t.Norm == attacks.L1 {
		projectOnHyperplaneL1(t, d, x, w, sign, gain, scratch)
		return
	}
	level := solveLevel(t, x, w, sign, gain)
	for i, v := range w {
		d[i] = 0
		if v != 0 && level > 0 {
			d[i] = sign * vector.Sign(v) * float32(min(level*rateOfChange(t.Norm, math.Abs(float64(v))), roomInBox(t, x[i], sign*v)))
		}
	}
}

// solveLevel is the level at which w·d is gain if every value changes by level,
// in L2 by level·|w|, as far as the box allows; +Inf if no level suffices. w·d is
// a concave, piecewise linear function of level: Newton's method approaches the
// root from below, and ends when no more values meet the box.
func solveLevel(t attacks.Threat, x, w []float32, sign float32, gain float64) (level float64) {
	for before := -1; ; {
		var atBox, slope float64 // w·d of the values that meet the box, and the derivative of the rest
		n := 0
		for i, v := range w {
			if v == 0 {
				continue
			}
			size := math.Abs(float64(v))
			room := roomInBox(t, x[i], sign*v)
			if rate := rateOfChange(t.Norm, size); level*rate >= room {
				atBox += size * room
				n++
			} else {
				slope += size * rate
			}
		}
		if n == before || gain == 0 {
			return level
		}
		before = n
		if level = math.Inf(1); slope > 0 {
			level = (gain - atBox) / slope
		}
	}
}

// roomInBox is how far a value v can change in a direction.
func roomInBox(t attacks.Threat, v, direction float32) float64 {
	if direction > 0 {
		return float64(t.Hi) - float64(v)
	}
	return float64(v) - float64(t.Lo)
}

// rateOfChange is the change per level of a value with weight of size w.
func rateOfChange(n attacks.Norm, w float64) float64 {
	if n == attacks.L2 {
		return w
	}
	return 1
}

// projectOnHyperplaneL1 moves the values with the largest |w| to the box, as many
// as needed, and the last of them a part of the way. They are found as in
// quickselect, without sorting all.
func projectOnHyperplaneL1(t attacks.Threat, d, x, w []float32, sign float32, gain float64, scratch []int32) {
	clear(d)
	open := scratch[:0] // indices that are not decided yet
	for i, v := range w {
		if v != 0 {
			open = append(open, int32(i))
		}
	}
	room := func(k int32) float64 { return roomInBox(t, x[k], sign*w[k]) }
	for len(open) > 0 && gain > 0 {
		pivot := vector.Abs(w[open[len(open)/2]])
		larger, smaller := partition(open, w, pivot)
		var sum float64
		for _, k := range open[:larger] {
			sum += float64(vector.Abs(w[k])) * room(k)
		}
		if sum >= gain {
			open = open[:larger]
			continue
		}
		for _, k := range open[:larger] {
			d[k] = sign * vector.Sign(w[k]) * float32(room(k))
		}
		gain -= sum
		for _, k := range open[larger:smaller] {
			move := min(room(k), max(0, gain/float64(pivot)))
			d[k] = sign * vector.Sign(w[k]) * float32(move)
			gain -= move * float64(pivot)
		}
		open = open[smaller:]
	}
}

// partition reorders indices by |w|: those larger than pivot, then the equal
// ones, from larger on, then those from smaller on.
func partition(indices []int32, w []float32, pivot float32) (larger, smaller int) {
	smaller = len(indices)
	for i := 0; i < smaller; {
		k := indices[i]
		switch a := vector.Abs(w[k]); {
		case a > pivot:
			indices[larger], indices[i] = k, indices[larger]
			larger++
			i++
		case a < pivot:
			smaller--
			indices[i], indices[smaller] = indices[smaller], k
		default:
			i++
		}
	}
	return larger, smaller
}
