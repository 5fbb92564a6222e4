package graphs_test

import (
	"math"

	. "unwarp/graphs/graphtest"
)

// capsule is one capsule of the slow twin: a pose, rows one after the other, and an
// activation.
type capsule struct {
	pose   [16]float64
	active float64
}

// capsuleGrid is [row][column][type].
type capsuleGrid [][][]capsule

// timesWeights is the pose, 4 by 4, times the weights of child k for parent j in a
// kernel [C,4,J·4].
func timesWeights(pose [16]float64, kernel Array, k, j int) (v [16]float64) {
	for r := range 4 {
		for c := range 4 {
			for m := range 4 {
				v[4*r+c] += pose[4*r+m] * kernel.At(k, m, 4*j+c)
			}
		}
	}
	return v
}

// ballot is a vote of one child for one parent.
type ballot struct {
	vote                [16]float64
	child               *capsule
	window, parent, own int // own: which weights of the kernel
	assigned            float64
}

// key is the parent that the vote is for.
func (b *ballot) key() parentKey { return parentKey{b.window, b.parent} }

// ballots lists all votes for the parents of the windows of size k (0: one window,
// all places with the same weights and with coordinates) and stride s.
func ballots(g capsuleGrid, kernel Array, k, s, parents int, coordinates bool) (all []*ballot, windows [2]int) {
	rows, cols, types := len(g), len(g[0]), len(g[0][0])
	windows = [2]int{1, 1}
	if k > 0 {
		windows = [2]int{(rows-k)/s + 1, (cols-k)/s + 1}
	}
	for wr := range windows[0] {
		for wc := range windows[1] {
			h, w := k, k
			if k == 0 {
				h, w = rows, cols
			}
			for y := range h {
				for x := range w {
					for t := range types {
						for j := range parents {
							b := &ballot{child: &g[wr*s+y][wc*s+x][t], window: wr*windows[1] + wc, parent: j, own: (y*w+x)*types + t}
							if k == 0 {
								b.own = t
							}
							b.vote = timesWeights(b.child.pose, kernel, b.own, j)
							if coordinates {
								b.vote[3] += (float64(y) + .5) / float64(rows)
								b.vote[7] += (float64(x) + .5) / float64(cols)
							}
							all = append(all, b)
						}
					}
				}
			}
		}
	}
	return all, windows
}

// parentKey is a parent: its window and its type.
type parentKey [2]int

// twinSelf is self-routing over votes, by a softmax over the parents of a window.
func twinSelf(all []*ballot, routing Array, parents int) map[parentKey]capsule {
	out, active := map[parentKey]capsule{}, map[int]float64{}
	for _, b := range all {
		sum, own := 0., 0.
		for j := range parents {
			score := 0.
			for h, p := range b.child.pose {
				score += p * routing.At(b.own, h, j)
			}
			sum += math.Exp(score)
			if j == b.parent {
				own = math.Exp(score)
			}
		}
		b.assigned = own / sum
		active[b.window] += b.child.active / float64(parents)
	}
	for _, b := range all {
		key, w := b.key(), b.assigned*b.child.active
		c := out[key]
		c.active += w
		for h := range c.pose {
			c.pose[h] += w * b.vote[h]
		}
		out[key] = c
	}
	for key, c := range out {
		for h := range c.pose {
			c.pose[h] /= c.active
		}
		c.active /= active[key[0]]
		out[key] = c
	}
	return out
}

// gridOf arranges parents by their windows.
func gridOf(parents map[parentKey]capsule, windows [2]int, types int) capsuleGrid {
	g := make(capsuleGrid, windows[0])
	for r := range g {
		g[r] = make([][]capsule, windows[1])
		for c := range g[r] {
			for j := range types {
				g[r][c] = append(g[r][c], parents[parentKey{r*windows[1] + c, j}])
			}
		}
	}
	return g
}
