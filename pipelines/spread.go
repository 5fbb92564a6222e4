package pipelines

// Spread returns n ascending indices in 0..of-1, one out of each of n parts of about equal length; n = 0, or
// more than of, returns all. A set may be sorted by class, so that its first n examples are of few classes; and
// classes may follow each other in turn, as in smallNORB, so that every fifth is of one class. Therefore the place
// in each part is drawn, always with the same seed.
func Spread(n, of int) []int {
	if n == 0 || n > of {
		n = of
	}
	r := Seed(0).Split("spread", n, of).Rand()
	indices := make([]int, n)
	for k := range indices {
		from, to := k*of/n, (k+1)*of/n
		indices[k] = from + r.IntN(to-from)
	}
	return indices
}
