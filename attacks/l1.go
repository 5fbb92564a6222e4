package attacks

import "math"

// largestSigns writes to dst the signs of the n largest values of g, ties
// included, divided by their number: a step of unit L1 norm. sizes is scratch.
func largestSigns(dst, g []float32, n int, sizes []float32) {
	for i, v := range g {
		sizes[i] = abs(v)
	}
	least := nth(sizes, max(n, 1))
	var count int
	for i, v := range g {
		dst[i] = 0
		if abs(v) >= least {
			dst[i] = sign(v)
			if v != 0 {
				count++
			}
		}
	}
	scale(dst, dst, 1/float32(max(count, 1)))
}

// nth is the n-th largest of v, which is reordered (Hoare's selection).
func nth(v []float32, n int) float32 {
	lo, hi, k := 0, len(v)-1, n-1
	for lo < hi {
		pivot := v[(lo+hi)/2]
		i, j := lo, hi
		for i <= j {
			for v[i] > pivot {
				i++
			}
			for v[j] < pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}

// shrink moves x to the nearest point that is within eps of origin in L1 and
// has all values in [lo,hi], in place: every change shrinks by the same amount,
// down to 0, and is cut at the box (Croce and Hein 2021, proposition 3.1;
// without a box Duchi et al. 2008). Lo and hi may be infinite; origin is in the
// box.
func shrink(x, origin []float32, eps, lo, hi float64) {
	cut := cutOf(x, origin, eps, lo, hi)
	for i, o := range origin {
		d, room := change(x[i], o, lo, hi)
		size := float32(min(max(math.Abs(d)-cut, 0), room))
		if d < 0 {
			size = -size
		}
		x[i] = min(max(o+size, float32(lo)), float32(hi))
	}
}

// change of one value, and how much of it the box allows.
func change(x, origin float32, lo, hi float64) (d, room float64) {
	o := float64(origin)
	d = float64(x) - o
	if d < 0 {
		return d, o - lo
	}
	return d, hi - o
}

// cutOf is by how much each change must shrink for their sum to be eps; 0 if it
// is no larger. The sum falls with the cut, linearly between points where a
// change arrives at 0 or leaves the box: Newton's method ends at the root after
// a few passes, and where it leaves the bracket the middle is taken.
func cutOf(x, origin []float32, eps, lo, hi float64) float64 {
	var cut, from, to float64
	for i, v := range x {
		to = max(to, math.Abs(float64(v)-float64(origin[i])))
	}
	for range 200 {
		var sum float64
		sliding := 0
		for i, o := range origin {
			d, room := change(x[i], o, lo, hi)
			switch d = math.Abs(d) - cut; {
			case d > room:
				sum += room
			case d > 0:
				sum += d
				sliding++
			}
		}
		over := sum - eps
		if math.Abs(over) <= 1e-12*eps || over <= 0 && cut == 0 {
			return cut
		}
		if over > 0 {
			from = cut
		} else {
			to = cut
		}
		next := (from + to) / 2
		if newton := cut + over/float64(sliding); sliding > 0 && newton > from && newton < to {
			next = newton
		}
		if next == cut {
			return cut
		}
		cut = next
	}
	return cut
}
