// Package corruption changes images as a camera, a lens or a file format may
// (Hendrycks and Dietterich 2019), in kinds and severities, and measures how a
// classifier fares on them. Nobody chooses such a change to mislead, so there is
// no radius: the result is a table of accuracies, kind by severity, and the mean
// corruption error.
//
// Noise, contrast, brightness and JPEG have the values of ImageNet-C, blur those
// of CIFAR-10-C, since its sizes are in pixels of a small image. Neither set has
// plain rotation and translation. The sets themselves are read from their files
// (MNIST-C of Mu and Gilmer 2019, CIFAR-10-C).
package corruption
