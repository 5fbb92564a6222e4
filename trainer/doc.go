// Package trainer trains a model: objective, adversarial training, optimisers,
// the loop, checkpoints, metrics and the export. It imports graft, protobuf and
// this project's graphs and pipelines.
//
// [Declare] writes everything that training will ever need into one graph, and
// returns its feeds, fetches and targets as a [TrainGraph]. [TrainGraph.Run]
// then streams batches through it, one session call per step. Everything that a
// step needs besides weights and images (step number, learning rate) is fed, so
// that a resumed run repeats an uninterrupted one bit by bit.
//
// Where to find what; the first five files show the way of a training step:
//
//	train_graph       what Declare builds
//	training, tower   one step: forward pass, loss and gradients; the update
//	terms             the losses of a step, by name
//	run_loop, run_step, run, run_evaluate, run_save, run_log   the loop and what it writes
//	config, duration, cadence, schedule   when and how fast
//	objective, input_gradient, teacher    the loss of Duan et al. (eq. 5 and 8), penalty, distillation
//	class_loss, exchange, independence    the spread loss, exchanged images, independent codes
//	transform         what a transform of the images cannot be beside
//	optimizer         adam, sgd and moving averages
//	adversary, adversary_keys             adversarial training as a configuration names it
//	fgsm, pgd, trades, fast, free         a method each
//	awp           perturbation of weights beside an adversary
//	certified, certified_keys, ibp, crown_ibp, mtl_ibp, sabr   certified training, a method each
//	certified_loss, certified_regularisers, certified_means    their loss
//	verification, evaluate_verified                            verified accuracy
//	ascent, projection, attacker, step_batch   how adversarial images are made
//	validation_attack, evaluate_attacked, evaluate   accuracy, also under attack
//	input_buffers     what is fed
//	checkpoint, saver, files              run folders that survive a kill at any moment
//	metrics, summary_writer, progress, clock, diverged   what a run reports
//	decode            codes, reconstructions and exchanged codes of images
//	export…           the SavedModel
//
// A new method of adversarial training is one file with a struct like [PGD],
// and one line in the list of methods in adversary.go.
package trainer
