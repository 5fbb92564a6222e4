// Package checks holds the checks of whether the result of an evaluation can be
// trusted. It may import attacks and its subpackages, graphs, graft and the
// standard library.
//
// A model that looks robust has more often been attacked badly. A [Check]
// looks for one cause: gradients that are zero or wrong, a saturated loss, an
// attack that has not converged, random noise that succeeds more often than a
// gradient. Some checks only read a finished [attacks.Evaluation]. Others run
// the model on a sample of its images, or attack the sample again with other
// settings; all such attacks run together before the first check, in the probe
// run.
//
// A check ends in one of four states. PASS: its threshold is met. FAIL: the
// evaluation cannot be trusted as it is. WARN: the check is not conclusive, or
// a report should mention its result. SKIP: the check does not apply, ran on
// nothing, or lacks what it needs.
//
// Checks that compare counts fail with an error level of 1 %, one-sided: rates by
// an exact binomial test against their threshold, two attacks on the same images
// by McNemar's exact test on those on which only one succeeded (at least 7
// against none), both divided by the number of comparisons. They warn where only
// the measured value exceeds the threshold. What a failed check means for the
// figures, [Assess] says.
//
// To add a check, add a file that registers a [Check] next to the function that
// judges it. Its id is the next free number.
//
// The checks and most thresholds are those of Carlini et al. 2019 ("On
// evaluating adversarial robustness"), of AutoAttack (Croce and Hein 2020), of
// the Indicators of Attack Failure (Pintor et al. 2022) and of Zimmermann et
// al. 2022. Each result names its source.
package checks
