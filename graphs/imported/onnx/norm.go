package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// batchNormalization is BatchNormalization in inference: by the moving statistics of
// the file, which are constants.
func batchNormalization(n *node) []*value {
	x := n.value(0)
	if n.int("training_mode", 0) != 0 {
		fail("want batch normalisation in inference mode: export the network after model.eval()")
	}
	if x.rank() < 2 {
		fail("want images [N,C,sizes…], got %v", x.shape)
	}
	order := channelsLast(x.rank())
	in, eps := n.read(x, order), n.float("epsilon", 1e-5)
	scale, bias := n.plain(n.value(1)), n.plain(n.value(2))
	mean, variance := n.statistic(n.value(3)), n.statistic(n.value(4))
	var y tf.Output
	if x.rank() == 4 && !n.at.TwiceDifferentiable() {
		y = n.op("FusedBatchNormV3", attrs{"epsilon": float32(eps), "is_training": false}, in, scale, bias, mean, variance)
	} else {
		y = n.normalised(in, mean, variance, eps)
		y = n.op("AddV2", nil, n.op("Mul", nil, y, scale), bias)
	}
	return []*value{n.w.made(y, order, x.batch)}
}

// statistic is a value that is no weight.
func (n *node) statistic(v *value) tf.Output {
	if v.known != nil {
		return n.w.fixed(n.at, v.known)
	}
	return n.plain(v)
}

// normalised is (x - mean)/sqrt(variance + eps).
func (n *node) normalised(x, mean, variance tf.Output, eps float64) tf.Output {
	deviation := n.op("Pow", nil, n.op("AddV2", nil, variance, n.float32(eps)), n.float32(-.5))
	return n.op("Mul", nil, n.op("Sub", nil, x, mean), deviation)
}

// moments are mean and variance over places of a stored value.
func (n *node) moments(x tf.Output, places []int32) (mean, variance tf.Output) {
	mean = n.reduce("Mean", x, places)
	variance = n.reduce("Mean", n.op("Square", nil, n.op("Sub", nil, x, mean)), places)
	return mean, variance
}

// instanceNormalization is InstanceNormalization: each channel of each image by
// itself.
func instanceNormalization(n *node) []*value {
	x := n.value(0)
	order := channelsLast(x.rank())
	in := n.read(x, order)
	var places []int32
	for i := 1; i < x.rank()-1; i++ {
		places = append(places, int32(i))
	}
	mean, variance := n.moments(in, places)
	y := n.normalised(in, mean, variance, n.float("epsilon", 1e-5))
	y = n.op("AddV2", nil, n.op("Mul", nil, y, n.plain(n.value(1))), n.plain(n.value(2)))
	return []*value{n.w.made(y, order, x.batch)}
}

// groupNormalization is GroupNormalization. Scales are one for each channel since
// operator set 21, one for each group before.
func groupNormalization(n *node) []*value {
	x, groups := n.value(0), n.int("num_groups", 0)
	if x.rank() < 3 || groups < 1 || x.shape[1]%groups != 0 {
		fail("want images [N,C,sizes…] and a number of groups that divides C, got %v and %d", x.shape, groups)
	}
	order := channelsLast(x.rank())
	sizes := pick(x.shape, order)
	rank, c := len(sizes), sizes[len(sizes)-1]
	in := n.reshape(n.read(x, order), append(slices.Clone(sizes[:rank-1]), groups, c/groups))
	places := []int32{int32(rank)}
	for i := 1; i < rank-1; i++ {
		places = append(places, int32(i))
	}
	mean, variance := n.moments(in, places)
	y := n.normalised(in, mean, variance, n.float("epsilon", 1e-5))
	scale, bias := n.byGroup(n.value(1), groups, c), n.byGroup(n.value(2), groups, c)
	y = n.op("AddV2", nil, n.op("Mul", nil, y, scale), bias)
	return []*value{n.w.made(n.reshape(y, sizes), order, x.batch)}
}

// byGroup is a vector of channels or groups as [groups,channels of one].
func (n *node) byGroup(v *value, groups, c int64) tf.Output {
	if n.set() >= 21 && groups != c || product64(v.shape) == c {
		return n.reshape(n.plain(v), []int64{groups, c / groups})
	}
	return n.reshape(n.plain(v), []int64{groups, 1})
}

// layerNormalization is LayerNormalization over the axes from axis on.
func layerNormalization(n *node) []*value {
	x := n.value(0)
	axis := axisOf(n.int("axis", -1), x.rank())
	var axes []int64
	for a := axis; a < int64(x.rank()); a++ {
		axes = append(axes, a)
	}
	in := n.read(x, x.order)
	mean, variance := n.moments(in, x.places(axes))
	y := n.normalised(in, mean, variance, n.float("epsilon", 1e-5))
	y = n.op("Mul", nil, y, n.fitting(n.value(1), x))
	if n.given(2) {
		y = n.op("AddV2", nil, y, n.fitting(n.value(2), x))
	}
	out := n.like(x, y)
	if len(n.Out) > 1 {
		inverse := n.op("Pow", nil, n.op("AddV2", nil, variance, n.float32(n.float("epsilon", 1e-5))), n.float32(-.5))
		out = append(out, n.w.made(mean, x.order, x.batch), n.w.made(inverse, x.order, x.batch))
	}
	return out
}
