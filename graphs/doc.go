// Package graphs holds the mathematics: everything that becomes a TensorFlow
// graph, from a convolution to the disentangled classifier of Duan et al.
//
// # Why it is built like this
//
// One graph, many passes. Training, evaluation, each attack and the export all
// compute the same function of the same weights, but in another mode and with
// other outputs. So a model is a plain value with a method that writes it into
// a [Scope]; each pass writes it again under its own op-name prefix, and all
// passes share the variables, which are known by path ("encoder/conv1/kernel").
// The first pass declares a variable, later ones must find it: a typo or a
// forked architecture is a build error, never a second, untrained weight.
//
// One op, one scope. graft names an op by its type and does not make the name
// unique; only a fresh sub-scope does. [Scope.Op] hands one out per op.
//
// One read per variable. The gradient with respect to a ReadVariableOp covers
// that read alone, so every pass uses the single read made when the variable
// was declared.
//
// Errors accumulate. A layer that meets a shape it cannot use calls
// [Scope.Errorf] and returns; the first cause is kept with the path where it
// happened, later ones are consequences. [Build] turns it into an error.
//
// Updates are returned, never hidden. Batch normalisation's moving statistics
// are collected by the pass and run with the optimiser as explicit targets: an
// attack's forward pass cannot move them.
//
// Randomness is derived. Initial values and dropout masks come from stateless
// ops keyed by (seed, path, step); a resumed run draws what an uninterrupted
// one would have drawn.
//
// Conventions: images are float32 [B,H,W,C] with values in [0,1]; labels are
// int32 [B]; a displacement field is [B,H,W,2] in pixels, (dx, dy).
//
// # Files
//
// Read these first:
//
//	scope.go         Scope: names, variables, errors and updates of one pass
//	dense.go         the smallest layer; all layers look like it
//	disentangled.go  the model: encoder, codes, head, decoders, warp
//	model.go         its configuration
//	net.go           Build: from a declaration to a session that runs
//
// The graph: builder.go, pass.go, input.go, variables.go, initializers.go,
// gradients.go, custom_gradient.go (gradients that a layer writes itself). The session:
// session.go (device, options), run.go, precision.go, copy.go, buffers.go (tensors that Go may overwrite).
//
// Layers: layers.go (the interface, Reshape, Flatten), conv.go, dense.go,
// relu.go, dropout.go, pooling.go, batchnorm.go, normalise.go, noise.go, jitter.go, warp.go.
// Training passes take quicker forms of some, equal up to rounding ([Scope].trainsOnly):
// conv_phases.go, and in decoders.go, dense.go and hinton.go.
//
// Capsules: capsules.go (what they are, primary ones), capsule_fields.go,
// capsule_votes.go, capsule_routing.go, capsule_em.go; capsule_encoder.go is a
// network of them, capsule_head.go classifies any embedding by them.
//
// Transforms of images, which model.transform names: transform.go, bit_depth.go, jpeg.go,
// jpeg_tables.go, total_variation.go, thermometer.go. spatial_transformer.go warps images
// by maps that a network predicts; model.spatial_transformer names it.
//
// encoder_file.go takes the network of a file, see package imported, range.go gives it
// pixels in its own range, and head_none.go its scores as logits.
//
// Models: encoders.go and heads.go list what model.encoder and model.head can
// name; hinton.go, conv4.go, resnet.go, photo_cnn.go and certified_nets.go are encoders, with
// embedding.go at their end; decoders.go and generator.go make the canonical
// image and the displacement field; target.go says what is reconstructed.
//
// Losses: losses.go (classification), spread.go, dlr.go, distance.go
// (reconstruction), dependence.go (of two codes), arithmetic.go.
//
// Package spec is the grammar of texts such as resnet(depth=110). Package
// bounds proves what a graph does within a ball of images. Package graphtest
// checks pieces of a graph against plain numbers and finite differences.
//
// # Adding an encoder
//
// Write a file with a struct. Its fields with the tag `key` are the options in
// model.encoder (see spec); Encode writes the graph, fit sets the size of the
// embedding from the model, ownDropout is the default of model.dropout. Add its
// row to the table in encoders.go; the tests of the table then include it. A
// head is added in the same way in heads.go.
package graphs
