package trainer

import (
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// replicaGraph is a training step in two parts: what a replica computes of its
// share of a batch, and the update by the sum of what all have computed.
type replicaGraph struct {
	// Fed to a replica beside its rows.
	rows, all, weight graphs.Input // see [replicaShare]
	seen              graphs.Input // [B,H,W,C], rows of the perturbation of an [inPassAttack]

	terms      termVector
	fetches    []tf.Output // terms, gradients, statistics, and the gradient of images where it is wanted
	first      firstRound
	handed     []*graphs.Variable // those that the gradients and the statistics among fetches are of
	onDevices  []graphs.Replica   // on devices of this process; none where there is one, or workers
	perturbing tf.Output          // [batch,H,W,C], the perturbation of an [inPassAttack]

	// Fed to the update: for each replica what it has fetched after its terms.
	sums   [][]graphs.Input
	images graphs.Input // [batch,H,W,C], gradient of the raised loss of all rows
	norm   tf.Output    // of the gradients
}

// OnWorkers stands for the devices of [Declare] where workers compute the replicas.
const OnWorkers = "workers"

// splits is true where a step has two parts, that of replicas and the update: with
// several replicas, with one that is elsewhere, and where gradients are rounded.
func (c Config) splits(devices []string) bool {
	return c.Replicas > 1 || len(devices) > 0 || c.Gradients == graphs.Bfloat16
}

// declareReplicas writes a training step for replicas.
func (g *TrainGraph) declareReplicas(b *graphs.Builder, devices []string) {
	r := &g.replicas
	r.rows, r.all, r.weight = b.Input("rows", tf.Int32, -1), b.Input("all_rows", tf.Int32), b.Input("row_weight", tf.Float)
	if _, ok := g.Config.Adversary.Method.(inPassAttack); ok {
		r.seen = b.Input("seen_perturbation", tf.Float, g.imageDims(-1)...)
	}
	share := replicaShare{rows: r.rows.Value, all: r.all.Value, weight: r.weight.Value}
	g.declareFirstInputs(b, &share)
	s, out, p := g.declareTower(b, share, r.seen.Value)
	if !s.OK() {
		return
	}
	r.terms = packTerms(s, out.terms.list(tf.Output{}))
	r.fetches = append([]tf.Output{r.terms.vector}, g.handedOver(s, out)...)
	r.first.fetches = g.firstFetches(s, out)
	if p != nil {
		r.fetches, r.perturbing = append(r.fetches, out.images), p.delta.Read
	}
	g.declareAdversary(b)
	if !slices.Contains(devices, OnWorkers) {
		r.onDevices = b.Replicate(devices...)
	}
	g.weightNorm = globalNorm(s.In("weights"), readsOf(out.weights))
	sums := g.addUp(b, out, p != nil)
	g.declareMoving(b, sums)
	r.norm = g.declareUpdate(b, sums, p)
	g.terms = termVector{terms: append(r.terms.terms, term{gradientNorm, r.norm, func(l *Losses) *float32 { return &l.GradientNorm }})}
}

// handedOver are the gradients and the statistics of a replica, as it hands them
// over.
func (g *TrainGraph) handedOver(s *graphs.Scope, out towerOutputs) []tf.Output {
	all := g.rounded(s, out.gradients)
	g.replicas.handed = append(g.replicas.handed, out.weights...)
	for _, u := range out.statistics {
		all = append(all, u.Value)
		g.replicas.handed = append(g.replicas.handed, u.Variable)
	}
	return all
}

// rounded are gradients in the precision in which they are handed over.
func (g *TrainGraph) rounded(s *graphs.Scope, gradients []tf.Output) []tf.Output {
	all := slices.Clone(gradients)
	if g.Config.Gradients == graphs.Bfloat16 {
		for i, x := range all {
			all[i] = op.Cast(s.Op("sent"), x, tf.Bfloat16)
		}
	}
	return all
}

// replicaCount is the number of parts of a batch.
func (g *TrainGraph) replicaCount() int { return max(1, g.Config.Replicas) }

// addUp declares the inputs of the update. It returns a tower's outputs, as if one
// had seen the whole batch: sums over the replicas, in their order.
func (g *TrainGraph) addUp(b *graphs.Builder, out towerOutputs, inPass bool) towerOutputs {
	s := b.Pass("sums", graphs.Inference)
	sums := make([]tf.Output, len(out.gradients)+len(out.statistics))
	parts := make([][]tf.Output, len(sums))
	for k := range g.replicaCount() {
		var inputs []graphs.Input
		for i := range sums {
			of := g.replicas.handed[i]
			in := b.Input(fmt.Sprintf("replica%d/%d", k, i), g.replicas.fetches[1+i].DataType(), of.Shape...)
			inputs, parts[i] = append(inputs, in), append(parts[i], in.Value)
		}
		g.replicas.sums = append(g.replicas.sums, inputs)
	}
	for i, of := range parts {
		sums[i] = addInOrder(s, of)
	}
	whole := towerOutputs{weights: out.weights, gradients: sums[:len(out.gradients)]}
	for i, u := range out.statistics {
		u.Value = sums[len(out.gradients)+i]
		whole.updates = append(whole.updates, u.Apply(s))
	}
	if inPass {
		g.replicas.images = b.Input("image_gradients", tf.Float, g.imageDims(int64(g.Config.Batch))...)
		whole.images = g.replicas.images.Value
	}
	return whole
}

// addInOrder is the sum of xs, from the first to the last, in float32.
func addInOrder(s *graphs.Scope, xs []tf.Output) (sum tf.Output) {
	for _, x := range xs {
		if x.DataType() != tf.Float {
			x = op.Cast(s.Op("received"), x, tf.Float)
		}
		if sum.Op == nil {
			sum = x
			continue
		}
		sum = op.AddV2(s.Op("sum"), sum, x)
	}
	return sum
}
