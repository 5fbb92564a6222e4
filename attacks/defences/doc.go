// Package defences puts defences that are known to fail around a victim, to see
// whether attacks and checks find out: three that only hide the gradient, and
// published ones with the settings of their papers. The attack that broke each of
// the latter is a matter of two keys that all gradient attacks have:
// gradient=straight-through for what has no gradient (BPDA) and eot=N for what is
// random (Athalye, Carlini and Wagner 2018, sections 4 and 5).
package defences
