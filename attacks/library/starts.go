package library

import "unwarp/attacks"

// lead is how many requests the first start of an attack is ahead of the others:
// where it succeeds at all, it mostly does so within them.
const lead = 20

// eachStart searches from n starts until one succeeds. They run side by side, so
// that a few images fill a batch too.
func eachStart(o *attacks.Oracle, n int, search func(i int, o *attacks.Oracle) bool) bool {
	if n == 1 {
		return search(0, o)
	}
	return o.Lanes(n, lead, search)
}
