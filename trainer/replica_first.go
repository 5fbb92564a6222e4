package trainer

import (
	"context"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// firstRound is what all replicas compute before their gradients, where these need
// more of the other rows of the batch than sums: with awp the weights move along the
// gradient of all rows, and regularisers of bounds are of means over all rows.
type firstRound struct {
	fetches []tf.Output // of a replica; none where no first round is needed
	// With awp:
	moved   []graphs.Input // fed to a replica: the kernels as they are moved
	moving  []tf.Output    // what the sums move them to
	unmoved []tf.Output    // the kernels themselves
	// With regularisers, fed to a replica, see [replicaShare]:
	means, weights, place graphs.Input
}

// declareFirstInputs declares what the first round needs of the other replicas.
func (g *TrainGraph) declareFirstInputs(b *graphs.Builder, share *replicaShare) {
	if !g.Config.Certified.settings().regularised() || g.replicaCount() == 1 {
		return
	}
	f, n := &g.replicas.first, int64(g.replicaCount())
	f.means, f.weights = b.Input("bound_means", tf.Float, n, boundMeanCount, -1), b.Input("row_weights", tf.Float, n)
	f.place = b.Input("replica", tf.Int32)
	share.means, share.weights, share.place = f.means.Value, f.weights.Value, f.place.Value
}

// firstFetches is what a replica computes in the first round; none without one.
func (g *TrainGraph) firstFetches(s *graphs.Scope, out towerOutputs) []tf.Output {
	switch {
	case out.first != nil:
		return g.rounded(s, out.first)
	case g.replicas.first.means.Feed.Op != nil:
		return []tf.Output{out.terms.means}
	}
	return nil
}

// declareMoved declares the kernels as awp moves them, by path: in the pass itself,
// or where a batch is split as inputs, for the sums over all replicas.
func (g *TrainGraph) declareMoved(b *graphs.Builder, share replicaShare, out towerOutputs) map[string]tf.Output {
	if share.rows.Op == nil {
		return perturbWeights(b.Pass("awp", graphs.Training), g.awp.Value, out.weights, out.gradients)
	}
	f, moved := &g.replicas.first, map[string]tf.Output{}
	for _, w := range out.weights {
		if moves(w) {
			in := b.Input("moved/"+w.Path, tf.Float, w.Shape...)
			f.moved, moved[w.Path] = append(f.moved, in), in.Value
		}
	}
	return moved
}

// declareMoving declares what awp moves kernels to along the sums of gradients.
func (g *TrainGraph) declareMoving(b *graphs.Builder, sums towerOutputs) {
	f := &g.replicas.first
	if len(f.moved) == 0 {
		return
	}
	moved := perturbWeights(b.Pass("awp", graphs.Training), g.awp.Value, sums.weights, sums.gradients)
	for _, w := range sums.weights {
		if moves(w) {
			f.moving, f.unmoved = append(f.moving, moved[w.Path]), append(f.unmoved, w.Read)
		}
	}
}

// prepare makes the first round, where the step needs one.
func (p *replicas) prepare(ctx context.Context, j *stepJob) error {
	f := &p.graph.replicas.first
	if len(f.fetches) == 0 {
		return nil
	}
	needed := j.at.awp > 0 || j.at.bound.pull > 0
	if needed {
		j.first, j.fetches = true, f.fetches
		if err := p.compute(ctx, j); err != nil {
			return err
		}
		j.first, j.fetches = false, p.graph.replicas.fetches
	}
	switch {
	case len(f.moved) == 0:
		return p.joinMeans(j, needed)
	case needed:
		return p.moveWeights(j)
	}
	return p.setMoved(j, nil, f.unmoved)
}

// moveWeights has the second round compute at the weights that awp moves to.
func (p *replicas) moveWeights(j *stepJob) error {
	r := &p.graph.replicas
	feeds := graphs.Feeds{}
	for k, inputs := range r.sums {
		for i, x := range j.results[k] {
			feeds[inputs[i].Feed] = x
		}
	}
	feedFloats(feeds, p.graph.awp, p.update.awp, j.at.awp)
	return p.setMoved(j, feeds, r.first.moving)
}

// setMoved has the second round see values as the moved kernels.
func (p *replicas) setMoved(j *stepJob, feeds graphs.Feeds, values []tf.Output) error {
	moved, err := p.net.Run(feeds, values)
	if err != nil {
		return err
	}
	for i, in := range p.graph.replicas.first.moved {
		j.second[in.Feed] = moved[i]
	}
	return nil
}

// joinMeans has the second round see the means of all replicas; where they count for
// nothing, zeros.
func (p *replicas) joinMeans(j *stepJob, known bool) error {
	f, n := &p.graph.replicas.first, len(j.results)
	all, weights := make([]float32, 0, n*boundMeanCount), make([]float32, n)
	for k, out := range j.results {
		weights[k] = j.weight(j.whole.part(k, n))
		if known {
			all = append(all, graphs.Floats(nil, out[0])...)
		}
	}
	layers := f.fetches[0].Shape().Size(1)
	means, err := graphs.NewBuffer(tf.Float, int64(n), boundMeanCount, layers)
	if err != nil {
		return err
	}
	of, err := graphs.NewBuffer(tf.Float, int64(n))
	if err != nil {
		return err
	}
	feedFloats(j.second, f.means, means, all...)
	feedFloats(j.second, f.weights, of, weights...)
	return nil
}
