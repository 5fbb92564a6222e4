// Package bounds proves that no image near a given one is classified otherwise.
// It bounds the margins z_y - z_k of a network from below over all images of a
// ball, or of any box: where all bounds are positive, the image is proven.
//
// [Walk] reads the graph from logits back to images, whatever built it: a model
// of package graphs, or one that was imported. It turns ops into nodes, each of
// which is linear, a constant added, or an activation; variables are constants,
// read where they stand. [Bounds] writes bounds into the graph, for a loss in
// training. [Verifier] runs them on images, from the fastest method to the
// tightest.
//
// # Methods
//
// IBP (Gowal et al. 2018, arXiv 1810.12715): a centre and a radius take each
// value through the network; linear layers multiply the radius by absolute
// weights. What is linear after the last activations is merged into the margins.
//
// CROWN (Zhang et al. 2018, arXiv 1811.00866): rows of coefficients are
// substituted from the margins back to the image, through transposed layers and
// two lines for each activation, whose input bounds come from IBP (CROWN-IBP,
// Zhang et al. 2020, arXiv 1906.06316) or from CROWN itself. Max pooling: see
// maxpool.go.
//
// α-CROWN (Xu et al. 2021, arXiv 2011.13824): the slopes of unstable ReLUs are
// optimised for each margin. With [Settings].NeuronSteps so are, before, those in
// the bounds of each neuron before an activation: see steepen.go.
//
// Branch and bound (β-CROWN, Wang et al. 2021, arXiv 2103.06624): a ball is
// split where a ReLU changes sign, at a point of the input of a sigmoid or tanh,
// or by whether a value of a window is the one that max pooling takes;
// multipliers of those constraints are optimised with the slopes. Clips, leaky
// ReLUs, minima and maxima are sums of ReLUs. What is split: branching.go (BaBSR's
// scores choose candidates, which are tried out: FSB).
//
// Neurons of convolutions near the image depend on a window of it. Their bounds
// are found in networks of windows (views.go, local.go), of several places at
// once; neurons further from it in the whole network. Only neurons whose sign is
// unknown are bounded so.
//
// Balls are L∞, L2 or L1, cut by the box [0,1] (see concretise.go). Other sets
// of images are boxes, and paths: boxes that move along a linear function of a
// few parameters, which IBP takes through the whole network (path.go,
// path_forward.go). A verifier of norm [Boxes] takes both.
//
// # Rounding
//
// Bounds hold for the network in real numbers and as float32 computes it, with
// sums in any order. With u the unit roundoff, a sum of n products is off by at
// most γ = nu/(1-nu) times the sum of their absolute values (Higham 2002, section
// 3.1), whether the bound or the network computes it; so 2γ covers both.
//
// In IBP, the radius of a layer becomes |W|·(r + 2γ(|c|+r)): the product that is
// computed anyway, of another radius.
//
// In a back-substitution, let m = |W|·M + |b| bound the partial sums that make a
// layer's values h = W·g + b, where |g| <= M follows from the intervals known.
// A row a of h becomes a·W, computed with an error of at most γ|a|·|W|, which
// changes the bound by at most γ|a|·|W|·M <= γ|a|·m; the network's own rounding
// of h changes it by as much. So 2γ|a|·m is subtracted for each layer: one dot
// product with a vector that a forward pass makes once for each image. Lines of
// activations are raised by what their own computation rounds. The order of
// summation is free, but products must be real float32: algorithms that
// transform convolutions (Winograd, FFT) and TF32 are not covered. A Verifier
// refuses sessions whose products are less exact ([Settings].Rounding), as
// bfloat16's and TF32's are.
//
// # Files
//
// Read these first: network.go (nodes and operators), walk.go and rules.go (from
// ops to nodes), interval.go (IBP), backward.go (CROWN), bounds.go (what they
// are put together to). An operator is a file: matmul.go, conv2d.go,
// depthwise.go, shift.go (BiasAdd), scale.go (Mul, Div), batchnorm.go, sum.go
// (Add, Sub), relu.go, leakyrelu.go, clip.go (Minimum, Maximum), sigmoid.go
// (Tanh), maxpool.go, avgpool.go, pool.go, mean.go, reshape.go, pad.go, slice.go
// (Split), stridedslice.go, concat.go, transpose.go. A new one is a file with
// its rule and its row in rules.go, and a row in the table of ops_test.go.
//
// The verifier: settings.go, limits.go (memory), verifier.go, verify.go,
// tighten.go (CROWN's intervals), views.go and local.go (windows), steepen.go
// (slopes of neurons), domain_ops.go, domain.go and ascent.go (α and β), split.go,
// branching.go, branch.go.
package bounds
