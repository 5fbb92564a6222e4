// Package drawing draws what a model learns and holds: curves of a training, a
// confusion matrix, the worst mistakes, exchanges of codes and interpolations
// between codes (figure 3 of Duan et al.), and maps of codes in the plane (figure
// 4).
//
// It imports pipelines for image shapes, and drawing libraries; it knows no
// models and writes no files.
package drawing
