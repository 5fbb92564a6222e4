// Package embedding maps the codes of images to the plane, before and after an
// attack, and measures what each code holds: the class and, where they are
// known, the factors that the images were drawn with (figure 4 of Duan et al.).
//
// It imports study, drawing, pca, probes and tsne, attacks, pipelines and
// trainer.
package embedding
