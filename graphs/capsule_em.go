package graphs

import (
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// emRouting is EM routing (Hinton, Sabour and Frosst 2018, procedure 1), unrolled:
// parents are Gaussians with diagonal covariance over the votes of the active
// children, fitted by the EM algorithm. A parent is active where describing the
// votes assigned to it by its Gaussian costs less than not to use it.
type emRouting struct {
	Routing
	votes
	used, unused tf.Output // [J,1,1]: β_u, the cost of a vote, and β_a, the cost of an inactive parent
	given        tf.Output // [N,1,1,I], activations of the children
	even         float32   // what a parent gets of the children's activations where all are 1 and each is shared evenly
}

// gaussians are the parents after an M-step.
type gaussians struct {
	means     tf.Output // [N,J,1,16]
	squares   tf.Output // [N,J,I,16], squared distances of the votes from the means
	variances tf.Output // [N,J,1,16]
	entropy   tf.Output // [N,J,1,1], sum of the logarithms of the deviations
	logits    tf.Output // [N,J,1,1], of the activations
}

// leastVariance keeps the Gaussian of a single vote proper.
const leastVariance = 1e-4

// routeEM returns the poses [N,J,16] and the logits of the activations [N,J].
func (r Routing) routeEM(s *Scope, v votes) (poses, logits tf.Output) {
	j, i := int64(v.parents), int64(v.perWindow())
	e := emRouting{Routing: r, votes: v}
	e.used = op.Reshape(s.Op("used"), s.Variable("beta_u", Trainable, Zeros, j), op.Const(s.Op("dims"), []int64{j, 1, 1}))
	e.unused = op.Reshape(s.Op("unused"), s.Variable("beta_a", Trainable, Zeros, j), op.Const(s.Op("dims"), []int64{j, 1, 1}))
	e.given = s.Reshape(v.active, 1, 1, i)
	routes := e.shareEvenly(s)
	var g gaussians
	for t := range max(r.Iterations, 1) {
		g = e.maximise(s, routes, r.Lambda*float32(1-math.Pow(.95, float64(t+1))))
		if t < r.Iterations-1 {
			routes = e.expect(s, g)
		}
	}
	if !s.OK() {
		return
	}
	return s.Reshape(g.means, j, poseSize), s.Reshape(g.logits, j)
}

// shareEvenly assigns each child to all its parents alike: [N,1,1,I], weighed by
// its activation.
func (e *emRouting) shareEvenly(s *Scope) tf.Output {
	rows, cols := e.grid()
	shares := make([]float32, 0, rows*cols*e.perWindow())
	if e.isWhole() {
		for range e.perWindow() {
			shares = append(shares, 1/float32(e.parents))
		}
	} else {
		for _, x := range e.shares() {
			for range e.types {
				shares = append(shares, x/float32(e.parents))
			}
		}
	}
	sum := float32(0)
	for _, x := range shares {
		sum += x
	}
	e.even = sum / float32(rows*cols)
	byWindow := op.Reshape(s.Op("by_window"), e.active, op.Const(s.Op("window_dims"), []int64{-1, int64(len(shares))}))
	return s.Reshape(op.Mul(s.Op("evenly"), byWindow, op.Const(s.Op("shares"), shares)), 1, 1, int64(e.perWindow()))
}

// maximise is the M-step: the Gaussians of the votes, each weighed by its child's
// assignment and activation, routes [N,J or 1,1,I].
func (e *emRouting) maximise(s *Scope, routes tf.Output, lambda float32) (g gaussians) {
	if !s.OK() {
		return g
	}
	last := op.Const(s.Op("last"), int32(3))
	mass := op.Sum(s.Op("mass"), routes, last, op.SumKeepDims(true))
	floored := op.AddV2(s.Op("floored"), mass, op.Const(s.Op("tiny"), float32(leastMass)))
	average := func(name string, x tf.Output) tf.Output {
		return op.Div(s.Op(name), op.BatchMatMulV2(s.Op(name+"_sum"), routes, x), floored)
	}
	g.means = average("means", e.values)
	g.squares = op.SquaredDifference(s.Op("squares"), e.values, g.means)
	g.variances = op.AddV2(s.Op("variances"), average("spread", g.squares), op.Const(s.Op("least"), float32(leastVariance)))
	logs := op.Sum(s.Op("logs"), op.Log(s.Op("log"), g.variances), last, op.SumKeepDims(true))
	g.entropy = op.Mul(s.Op("entropy"), logs, op.Const(s.Op("half"), float32(.5)))
	if e.Cost != "literal" {
		mass = op.Div(s.Op("relative_mass"), mass, op.Const(s.Op("even"), e.even))
	}
	perVote := op.AddV2(s.Op("per_vote"), op.Mul(s.Op("used_by_all"), e.used, op.Const(s.Op("elements"), float32(poseSize))), g.entropy)
	gain := op.Sub(s.Op("gain"), e.unused, op.Mul(s.Op("cost"), perVote, mass))
	g.logits = op.Mul(s.Op("logits"), gain, op.Const(s.Op("lambda"), lambda))
	return g
}

// expect is the E-step: each child is assigned to its parents by their activation
// and by the density of its vote. The result [N,J,1,I] is weighed by the child's
// activation. Factors of 2π are the same for all parents and left out.
func (e *emRouting) expect(s *Scope, g gaussians) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	half := op.Const(s.Op("half"), float32(-.5))
	precision := op.Reciprocal(s.Op("precision"), g.variances)
	distance := op.BatchMatMulV2(s.Op("distance"), precision, g.squares, op.BatchMatMulV2AdjY(true)) // [N,J,1,I]
	prior := op.Sub(s.Op("prior"), logSigmoid(s, g.logits), g.entropy)
	scores := op.AddV2(s.Op("scores"), op.Mul(s.Op("log_density"), distance, half), prior)
	i := int64(e.perWindow())
	powers := op.Exp(s.Op("powers"), op.Sub(s.Op("scaled"), scores, e.largest(s, scores)))
	sums := op.Sum(s.Op("sums"), powers, op.Const(s.Op("parents"), int32(1)), op.SumKeepDims(true)) // [N,1,1,I]
	if !e.isWhole() {
		sums = s.Reshape(e.addUp(s, sums), 1, 1, i)
	}
	share := op.Div(s.Op("child_share"), e.given, sums)
	return op.Mul(s.Op("routes"), powers, share)
}

// largest is the highest score of each child among all parents that it votes for,
// [N,1,1,I]; the softmax over them subtracts it.
func (e *emRouting) largest(s *Scope, scores tf.Output) tf.Output {
	x := op.StopGradient(s.Op("fixed"), scores)
	top := op.Max(s.Op("top"), x, op.Const(s.Op("over_parents"), int32(1)), op.MaxKeepDims(true))
	if e.isWhole() {
		return top
	}
	return e.overWindows(s, top, -belowAny, func(o *op.Scope, x, axis tf.Output) tf.Output { return op.Max(o, x, axis) })
}

// addUp adds up what the entries of a child have in all windows that it lies in:
// parents of neighbouring windows compete for it. x and the sums are [N,1,1,I].
func (e *emRouting) addUp(s *Scope, x tf.Output) tf.Output {
	return e.overWindows(s, x, 0, func(o *op.Scope, x, axis tf.Output) tf.Output { return op.Sum(o, x, axis) })
}

// overWindows reduces what the entries of a child have in all windows that it lies
// in, and gives each entry the result. none is the value of no entry. x and the
// result are [N,1,1,I].
func (e *emRouting) overWindows(s *Scope, x tf.Output, none float32, reduce func(o *op.Scope, x, axis tf.Output) tf.Output) tf.Output {
	entries, most := e.entries()
	padded := op.PadV2(s.Op("padded"), e.byEntry(s, x), op.Const(s.Op("pad"), [3][2]int32{{0, 0}, {0, 1}, {0, 0}}), op.Const(s.Op("none"), none))
	one := op.Const(s.Op("places"), int32(1))
	all := op.GatherV2(s.Op("of_places"), padded, op.Const(s.Op("entries"), entries), one)
	byPlace := s.Reshape(all, int64(e.rows*e.cols), int64(most), int64(e.types))
	if !s.OK() {
		return tf.Output{}
	}
	reduced := reduce(s.Op("reduced"), byPlace, op.Const(s.Op("over_windows"), int32(2)))
	return s.Reshape(op.GatherV2(s.Op("of_entries"), reduced, op.Const(s.Op("at"), e.children()), one), 1, 1, int64(e.perWindow()))
}

// byEntry is x [N,1,1,I] as a number for each entry of the windows and each type,
// [B,P·K·K,T].
func (e *emRouting) byEntry(s *Scope, x tf.Output) tf.Output {
	rows, cols := e.grid()
	return s.Reshape(x, int64(rows*cols*e.kernel*e.kernel), int64(e.types))
}

// logSigmoid is the logarithm of the logistic function of x, without overflow.
func logSigmoid(s *Scope, x tf.Output) tf.Output {
	negative := op.Minimum(s.Op("negative"), x, op.ZerosLike(s.Op("zeros"), x))
	rest := op.Log1p(s.Op("rest"), op.Exp(s.Op("decay"), op.Neg(s.Op("minus"), op.Abs(s.Op("size"), x))))
	return op.Sub(s.Op("log_active"), negative, rest)
}
