// Package paper holds the experiments of Duan et al., "Disentangled Deep
// Autoencoding Regularization for Robust Image Classification": what each of
// tables 1 to 11 trains, measures and prints, and how our results compare.
//
// An [Arm] is one kind of training, a [Table] says which cells are measured on
// which arms, [Results] hold what was measured, and [Compare] puts both side by
// side with a verdict. Package reproduce makes the trainings and measurements.
//
// It imports attacks, the configuration (tools/internal/run) and tools/configs.
package paper
