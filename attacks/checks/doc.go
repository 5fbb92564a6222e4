// Package checks asks whether an evaluation can be believed.
//
// A model that looks robust has more often been attacked badly. Each check
// looks for one way in which that happens: gradients that are zero or wrong, a
// loss that is saturated, an attack that has not converged, noise that does
// better than a gradient. Some read a finished [attacks.Evaluation]; the others
// ask the victim, on some of its images.
//
// The checks and most thresholds are those of Carlini et al. 2019 ("On
// evaluating adversarial robustness"), of AutoAttack (Croce and Hein 2020), of
// the Indicators of Attack Failure (Pintor et al. 2022) and of Zimmermann et
// al. 2022; each result names its source. Where few images were looked at, a
// rate fails its threshold only if the lower end of its Wilson interval does,
// and warns where only the rate itself does.
package checks
