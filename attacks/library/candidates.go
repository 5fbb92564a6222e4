package library

import "unwarp/attacks"

// candidateChunk is how many candidates one attack holds at a time: those of all
// workers together have to fit in memory.
const candidateChunk = 128

// scoreCandidates evaluates n candidates in chunks. fill writes candidate i to
// x; visit gets it with its logits, in order. If visit returns false the rest is
// left out. x is overwritten later.
func scoreCandidates(o *attacks.Oracle, n int, fill func(i int, x []float32), visit func(i int, x, logits []float32) bool) {
	var chunk [][]float32
	for from := 0; from < n; from += candidateChunk {
		m := min(candidateChunk, n-from)
		for i := range m {
			if i == len(chunk) {
				chunk = append(chunk, make([]float32, len(o.Image)))
			}
			fill(from+i, chunk[i])
		}
		for i, z := range o.Logits(chunk[:m]...) {
			if !visit(from+i, chunk[i], z) {
				return
			}
		}
	}
}

// claimFirst claims the first of n drawn images that is misclassified.
func claimFirst(o *attacks.Oracle, n int, draw func(x []float32)) {
	const group = 10 // evaluated at once: often the first succeeds
	found := false
	for from := 0; from < n && !found; from += group {
		scoreCandidates(o, min(group, n-from), func(_ int, x []float32) { draw(x) }, func(_ int, x, z []float32) bool {
			found = o.Success(z) && o.Claim(x)
			return !found
		})
	}
}
