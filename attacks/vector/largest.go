package vector

// LargestSigns writes to dst the signs of the n largest |g|, ties included,
// divided by their number: a step of L1 norm 1. Zeros do not count; fewer than
// one is taken as one. sizes is scratch of the same length.
func LargestSigns(dst, g []float32, n int, sizes []float32) {
	for i, v := range g {
		sizes[i] = Abs(v)
	}
	least := NthLargest(sizes, max(n, 1))
	var count int
	for i, v := range g {
		dst[i] = 0
		if Abs(v) >= least {
			dst[i] = Sign(v)
			if v != 0 {
				count++
			}
		}
	}
	Scale(dst, dst, 1/float32(max(count, 1)))
}

// NthLargest is the n-th largest of v, 1 ≤ n ≤ len(v), by Hoare's selection,
// which reorders v. NaN is not allowed.
func NthLargest(v []float32, n int) float32 {
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
