package trainer

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// deep is an encoder of two fully connected layers with ReLU.
type deep struct{}

func (deep) Encode(s *graphs.Scope, images tf.Output) tf.Output {
	x := graphs.Relu{}.Apply(s, graphs.Dense{Out: 9}.Apply(s.In("a"), s.Flatten(images)))
	return graphs.Relu{}.Apply(s, graphs.Dense{Out: 7}.Apply(s.In("b"), x))
}

var deepShape = pipelines.Shape{H: 3, W: 2, C: 1}

// dense is one layer in plain Go: x·w + b with w [in,out].
type dense struct {
	w    [][]float64 // [out][in]
	b    []float64
	relu bool
}

// twin is a net of fully connected layers, with bounds written neuron by neuron.
type twin []dense

// twinOf reads the weights of a net around [deep].
func twinOf(t *testing.T, net *graphs.Net) twin {
	v := values(t, net)
	var all twin
	for _, name := range []string{"encoder/a", "encoder/b", "classifier"} {
		kernel, bias := v[name+"/kernel"], v[name+"/bias"]
		l := dense{b: doubles(bias), relu: name != "classifier"}
		for j := range bias {
			row := make([]float64, len(kernel)/len(bias))
			for i := range row {
				row[i] = float64(kernel[i*len(bias)+j])
			}
			l.w = append(l.w, row)
		}
		all = append(all, l)
	}
	return all
}

func (n twin) logits(x []float64) []float64 {
	for _, l := range n {
		y := make([]float64, len(l.b))
		for j := range y {
			y[j] = l.b[j]
			for i, v := range x {
				y[j] += l.w[j][i] * v
			}
			if l.relu {
				y[j] = math.Max(y[j], 0)
			}
		}
		x = y
	}
	return x
}

// bracket is an interval of each value.
type bracket struct{ lower, upper []float64 }

// ballOf is the box around x within [0,1].
func ballOf(x []float64, eps float64) bracket {
	var s bracket
	for _, v := range x {
		s.lower, s.upper = append(s.lower, math.Max(v-eps, 0)), append(s.upper, math.Min(v+eps, 1))
	}
	return s
}

// least is the smallest value of a·x in a bracket.
func (s bracket) least(a []float64) (sum float64) {
	for i, v := range a {
		sum += math.Min(v*s.lower[i], v*s.upper[i])
	}
	return sum
}

func negative(a []float64) []float64 {
	out := make([]float64, len(a))
	for i, v := range a {
		out[i] = -v
	}
	return out
}

// before are the intervals before each ReLU, by interval propagation.
func (n twin) before(s bracket) (all []bracket) {
	for _, l := range n[:len(n)-1] {
		var pre, post bracket
		for j, w := range l.w {
			lo, hi := s.least(w)+l.b[j], -s.least(negative(w))+l.b[j]
			pre.lower, pre.upper = append(pre.lower, lo), append(pre.upper, hi)
			post.lower, post.upper = append(post.lower, math.Max(lo, 0)), append(post.upper, math.Max(hi, 0))
		}
		all, s = append(all, pre), post
	}
	return all
}

// margin is the row of z_y - z_k over the last hidden layer, and its constant.
func (n twin) margin(y, k int) ([]float64, float64) {
	l := n[len(n)-1]
	a := make([]float64, len(l.w[0]))
	for i := range a {
		a[i] = l.w[y][i] - l.w[k][i]
	}
	return a, l.b[y] - l.b[k]
}

// ibp bounds z_y - z_k over the ball.
func (n twin) ibp(ball bracket, y, k int) float64 {
	all := n.before(ball)
	last := all[len(all)-1]
	var post bracket
	for j := range last.lower {
		post.lower, post.upper = append(post.lower, math.Max(last.lower[j], 0)), append(post.upper, math.Max(last.upper[j], 0))
	}
	a, d := n.margin(y, k)
	return post.least(a) + d
}

// crown bounds z_y - z_k by back-substitution over intervals by propagation, with
// adaptive slopes.
func (n twin) crown(ball bracket, y, k int) float64 {
	all := n.before(ball)
	a, d := n.margin(y, k)
	for at := len(all) - 1; at >= 0; at-- {
		for j := range a { // through the ReLU
			l, u := all[at].lower[j], all[at].upper[j]
			switch {
			case u <= 0:
				a[j] = 0
			case l >= 0:
			case a[j] < 0:
				d -= a[j] * u * l / (u - l)
				a[j] *= u / (u - l)
			case u <= -l:
				a[j] = 0
			}
		}
		w, b := n[at].w, n[at].b
		next := make([]float64, len(w[0]))
		for j, v := range a {
			d += v * b[j]
			for i := range next {
				next[i] += v * w[j][i]
			}
		}
		a = next
	}
	return ball.least(a) + d
}

// entropy of logits in float64.
func entropy64(z []float64, y int) float64 { return -math.Log(softmax64(z)[y]) }

// regularisers are those of Shi et al. 2021 over a batch, each neuron of each image
// at a time.
func (n twin) regularisers(balls []bracket, tolerance float64) (tightness, balance float64) {
	width := func(all []bracket) (sum float64) {
		count := 0
		for _, s := range all {
			for i := range s.lower {
				sum += (s.upper[i] - s.lower[i]) / 2
				count++
			}
		}
		return sum / float64(count)
	}
	ratio := func(x, y float64) float64 { return math.Max(math.Min(x, y), 1e-12) / math.Max(math.Max(x, y), 1e-12) }
	layers := len(n) - 1
	for at := range layers {
		var each []bracket
		for _, b := range balls {
			each = append(each, n.before(b)[at])
		}
		tightness += math.Max(0, tolerance-width(balls)/width(each)) / (tolerance * float64(layers))
		mean, count := 0., 0.
		for _, s := range each {
			for i := range s.lower {
				mean += (s.lower[i] + s.upper[i]) / 2
				count++
			}
		}
		mean /= count
		var means, variances [2]float64 // of active and inactive neurons
		for _, s := range each {
			for i := range s.lower {
				c := (s.lower[i] + s.upper[i]) / 2
				if s.lower[i] > 0 {
					means[0] += c / count
					variances[0] += (c - mean) * (c - mean) / count
				} else if s.upper[i] < 0 {
					means[1] -= c / count
					variances[1] += (c - mean) * (c - mean) / count
				}
			}
		}
		for _, r := range []float64{ratio(means[0], means[1]), ratio(variances[0], variances[1])} {
			balance += math.Max(0, tolerance-r) / (tolerance * float64(layers))
		}
	}
	return tightness, balance
}
