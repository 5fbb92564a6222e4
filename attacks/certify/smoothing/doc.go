// Package smoothing proves by randomised smoothing (Cohen, Rosenfeld and Kolter
// 2019, arXiv 1902.02918). It implements [certify.Prover] for L2 on any victim:
// it asks for nothing but the model's decisions.
//
// The smoothed classifier g answers the class that the model f gives most often
// to x + ε, ε normal with standard deviation sigma at each value. Where f gives
// class c with probability at least p > 1/2, g is c at all points closer to x
// than sigma·Φ⁻¹(p) in L2 (theorem 1 of the paper, with 1-p for all other classes
// together). n0 samples choose c, n others bound p from below by Clopper and
// Pearson's interval of level alpha. n is fixed beforehand: samples that end
// when the answer is known would bias the bound.
//
// # What is proven, and how surely
//
// The proof is of g, not of f: an example against f is none against g. It is of
// the function that was sampled, in the precision of the session: float32,
// unless a session of bfloat16 is asked for. Noisy images are not cut to [0,1].
// A sample in which two logits share the largest, or one is not a number, counts
// for no class.
//
// Each image is wrongly proven with probability at most alpha, over the noise.
// Images have noise of their own, so that the number of wrong proofs among N
// images is at most binomial (N, alpha), and all are right at once with
// probability at least (1-alpha)^N (see [Settings.Confidence]).
//
// The noise is Philox' (Salmon et al. 2011), keyed by seed and image, the same
// for any batch size. It is pseudo-random and rounded to float32, where the
// theorem wants real numbers: what an adversary could do with the low bits of
// sums (Jin, Ohrimenko and Rubinstein 2022, arXiv 2205.10159) is not covered.
package smoothing
