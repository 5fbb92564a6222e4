// Package paper knows the experiments of Duan et al., "Disentangled Deep
// Autoencoding Regularization for Robust Image Classification": what each of
// tables 1 to 11 trains, measures and prints, and how our figures compare.
//
// An [Arm] is one kind of training, a [Table] says which cells are measured on
// which arms, [Results] hold what was measured, and [Write] puts both side by
// side with a verdict. What is run, and where it is kept, is up to the command.
package paper
