// Package vector holds arithmetic on images as flat slices of float32. It
// imports the standard library alone.
//
// In functions with a destination dst comes first and may be one of the
// operands. Operands have the same length; nothing is allocated unless said.
package vector
