// Package graphtest checks pieces of a graph. It runs a function of a
// [graphs.Scope] on plain numbers, compares its gradients with central finite
// differences, expects a build to be refused, and compares text with golden
// files. It is for tests alone; the tests of graphs, trainer and attacks share
// it.
package graphtest
