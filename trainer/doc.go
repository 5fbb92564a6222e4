// Package trainer teaches a model: the objective of Duan et al. (eq. 5 and 8),
// optimisers, schedules, the loop, checkpoints, metrics and the export.
//
// An [Adversary] trains on adversarial images, made for the present weights at
// every step; a [Probe] measures the accuracy under attack along the way.
//
// [Declare] writes everything that training will ever need into one graph;
// [Plan.Run] then streams batches through it, one session call per step.
// Everything a step needs besides weights and images (step number, learning
// rate) is fed, so that a resumed run repeats an uninterrupted one bit by bit.
package trainer
