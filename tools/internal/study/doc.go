// Package study holds what the studies in the folders below it share: how they
// use a trained model, samples of encoded images, and the error of a wrong
// request.
//
// It imports attacks, pipelines, trainer and tools/internal/run; packages below
// it import it, and none imports cobra or writes to a terminal.
package study
