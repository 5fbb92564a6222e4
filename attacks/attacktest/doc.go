// Package attacktest holds what tests of attacks, engine and checks share:
// victims whose behaviour is known ([Linear], [Smooth]), images for them, and
// one-call sessions and evaluations that end the test on an error. It imports
// attacks, attacks/engine and graphs, and is imported by tests alone.
package attacktest
