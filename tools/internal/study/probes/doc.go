// Package probes measures what codes hold: how well the class, or a factor that
// an image was drawn with, is predicted from a code by its nearest neighbours or
// by a linear probe.
//
// It imports pipelines for the factors, and gonum.
package probes
