// Package bpda makes differentiable versions of a part of a graph for backward
// passes, whatever made the graph.
//
// Some operations have no gradient, or a gradient that is zero everywhere: Round,
// Floor, Sign, casts to integers, comparisons, quantisers, ArgMax, the positions
// of a sort. A model that decides by them hides from attacks along gradients.
// [StraightThrough] gives each of them the gradient of a similar differentiable
// function and keeps its value (backward pass differentiable approximation,
// Athalye, Carlini and Wagner 2018; the straight-through estimator of Bengio,
// Léonard and Courville 2013). [Differentiable] keeps the plain gradient, in
// which such an operation counts as a constant, and makes it computable where
// TensorFlow's C++ library would refuse.
//
// Both walk the graph from an output back to an input. They copy what lies
// behind a replaced operation; variables, constants and everything before it are
// used as they are. Values are exact: the replacement of y = f(x) is
// stop(f(x)) + (g(x) - stop(g(x))), whose second term is 0.
package bpda
