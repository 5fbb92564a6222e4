package checks

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"unwarp/attacks"
)

// Checks of the gradients that attacks follow.

// slopes of a loss at images of the exam, for their labels.
func (x *exam) slopes(p *attacks.Probe, l attacks.Loss, images [][]float32) ([]attacks.Slope, error) {
	rows := make([]attacks.Question, len(images))
	for i, img := range images {
		rows[i] = attacks.Question{Image: img, Label: int(x.set.Labels[i])}
	}
	return p.Slopes(l, rows...)
}

// undeclared says what a check cannot do without a gradient pass.
func (x *exam) undeclared(l attacks.Loss) (string, bool) {
	return fmt.Sprintf("the loss %s was not declared in the graph", l), !x.Guide.Arena.Has(l)
}

// vanished is C10.
func vanished(x *exam) (verdict, error) {
	if why, no := x.undeclared(attacks.Classification); no {
		return skip(why)
	}
	images := x.first(x.set.Len())
	slopes, err := x.slopes(x.guide, attacks.Classification, images)
	if err != nil {
		return verdict{}, err
	}
	var none, tiny, broken, blank, values int
	var sizes []float64
	v := verdict{status: Pass}
	for i, s := range slopes {
		m := largest(s.Gradient)
		switch {
		case !finite(s.Gradient):
			broken++
			v.images = append(v.images, x.set.Index[i])
			continue
		case m == 0:
			none++
			v.images = append(v.images, x.set.Index[i])
		case m < 1e-12:
			tiny++
			v.images = append(v.images, x.set.Index[i])
		}
		for _, g := range s.Gradient {
			values++
			if g == 0 {
				blank++
			}
			sizes = append(sizes, math.Abs(float64(g)))
		}
	}
	n, size := len(images), median(sizes)
	v.value = fmt.Sprintf("zero %s, below 1e-12 %d, not finite %d; %.1f %% of the values zero; median %.3g", rate(none, n), tiny, broken, 100*share(blank, values), size)
	if none+tiny > 0 {
		v.status = Warn
	}
	// AutoAttack only warns, of any; more than 5 % is a defence that hides them.
	if broken > 0 || above(none, n, .05) == Fail {
		v.status = Fail
	}
	if text, s, err := x.fainter(size); err != nil {
		return v, err
	} else if text != "" {
		v.status, v.value = worst(v.status, s), v.value+text
	}
	if v.status != Pass {
		v.advice = "attacks cannot follow a gradient that is not there: use loss=margin or dlr, a temperature, an attack without gradients (square, spsa, hopskipjump), or replace the part that has none by the identity in the backward pass"
	}
	return v, nil
}

// fainter compares the median gradient with that of the undefended model.
func (x *exam) fainter(size float64) (string, Status, error) {
	if x.Undefended.Arena == nil || !x.Undefended.Arena.Has(attacks.Classification) {
		return "", Pass, nil
	}
	slopes, err := x.slopes(attacks.NewProbe(x.Undefended, x.Batch), attacks.Classification, x.first(x.set.Len()))
	if err != nil {
		return "", Pass, err
	}
	var sizes []float64
	for _, s := range slopes {
		for _, g := range s.Gradient {
			sizes = append(sizes, math.Abs(float64(g)))
		}
	}
	base := median(sizes)
	orders := math.Log10(max(base, 1e-45)) - math.Log10(max(size, 1e-45))
	text := fmt.Sprintf(", of the undefended model %.3g (%.1f orders)", base, orders)
	switch {
	case orders >= 16: // what Sabour, Frosst and Hinton found of a masked model
		return text, Fail, nil
	case orders > 2:
		return text, Warn, nil
	}
	return text, Pass, nil
}

// pair is the question for the slope of the best other logit minus the label's,
// which does not saturate.
func (x *exam) pair(i int, img []float32) attacks.Question {
	label := int(x.set.Labels[i])
	c := make([]float32, x.v.Classes)
	c[rival(x.logits[i], label)], c[label] = 1, -1
	return attacks.Question{Image: img, Cotangent: c}
}

// along is the same by a plain forward pass.
func (x *exam) along(i int, z []float32) float64 {
	label := int(x.set.Labels[i])
	return float64(z[rival(x.logits[i], label)]) - float64(z[label])
}

// few is how many images the expensive checks look at.
const few = 10

// widths of the differences: at the wide end they are coarse, at the narrow end
// rounding drowns them. A right gradient agrees at one of them, a wrong one at
// none.
var widths = []float32{1. / 16, 1. / 64, 1. / 256, 1. / 1024, 1. / 4096, 1. / 16384}

// beside is a point next to an image. On flat ground, such as a black margin,
// the image itself lies on kinks: all values that max pooling chooses from are
// equal, and no difference agrees with the slope of the one it chose.
func (x *exam) beside(i int, img []float32) []float32 {
	r, out := x.rand(i, 121), make([]float32, len(img))
	for k, v := range img {
		out[k] = v + (2*r.Float32()-1)/32
	}
	return out
}

// differences is C21.
func differences(x *exam) (verdict, error) {
	if why, no := x.undeclared(attacks.Linear); no {
		return skip(why)
	}
	if x.random() {
		return skip(noisyWhy)
	}
	// The judge has the same graph in float32, in which differences are taken.
	probe, apart := x.guide, x.Guide.Net != x.Judge.Net && x.Judge.Arena.Has(attacks.Linear)
	if apart {
		probe = x.judge
	}
	v := verdict{status: Pass}
	low, signs, judged, agreed := 1., 1., 0, 0
	var guided []float64
	for i, img := range x.first(few) {
		if err := x.ctx.Err(); err != nil {
			return v, err
		}
		img = x.beside(i, img)
		s, err := probe.Slopes(attacks.Linear, x.pair(i, img))
		if err != nil {
			return v, err
		}
		a, err := x.agree(i, img, s[0].Gradient)
		if err != nil {
			return v, err
		}
		if a.blank {
			continue
		}
		judged++
		if a.cosine >= .99 && a.signs >= .98 {
			agreed++
		} else {
			v.images = append(v.images, x.set.Index[i])
		}
		low, signs = min(low, a.cosine), min(signs, a.signs)
		if apart {
			g, err := x.guide.Slopes(attacks.Linear, x.pair(i, img))
			if err != nil {
				return v, err
			}
			guided = append(guided, cosine(wide(s[0].Gradient), wide(g[0].Gradient)))
		}
	}
	if judged == 0 {
		return skip("neither gradients nor differences show any change")
	}
	v.value = fmt.Sprintf("%d of %d images agree; smallest cosine %.4f, fewest signs %.1f %%", agreed, judged, low, 100*signs)
	// A kink near one image is no wrong gradient.
	if agreed < judged {
		v.status = Warn
		if above(judged-agreed, judged, .1) == Fail {
			v.status = Fail
		}
		v.advice = "the gradient that attacks follow is not that of the model: look for parts without a gradient, or with one of their own (straight-through, stop-gradient)"
	}
	if apart {
		m := median(guided)
		v.value += fmt.Sprintf("; median cosine of the guide's gradient (%s) with the judge's %.4f", x.Guide.Net.Precision, m)
		if m < .9 { // bfloat16 rounds to 8 bits, in each layer
			v.status = worst(v.status, Warn)
			if m < .5 {
				v.status = Fail
			}
			v.advice = "the guide computes another gradient than the judge: precision=float32"
		}
	}
	return v, nil
}

func wide(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// agreement of one gradient with differences.
type agreement struct {
	cosine, signs float64
	blank         bool // both are nothing but rounding
}

// agree compares gradient g at point img, at its 25 largest values and at 25 others,
// with central differences at each width, and takes the best.
func (x *exam) agree(i int, img, g []float32) (agreement, error) {
	r := x.rand(i, 21)
	order := make([]int, len(g))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(sign(float32(math.Abs(float64(g[b]))) - float32(math.Abs(float64(g[a])))))
	})
	half := min(25, len(order))
	rest := order[half:]
	r.Shuffle(len(rest), func(a, b int) { rest[a], rest[b] = rest[b], rest[a] })
	order = order[:min(50, len(order))]
	best := agreement{cosine: -1, blank: true}
	for _, h := range widths {
		var rows [][]float32
		for _, k := range order {
			for _, s := range []float32{h, -h} {
				y := slices.Clone(img)
				y[k] += s // outside the box too: the model has a value there
				rows = append(rows, y)
			}
		}
		z, err := x.judge.Logits(rows...)
		if err != nil {
			return best, err
		}
		best = best.or(x.compare(i, order, g, rows, z, h))
	}
	return best, nil
}

// compare makes differences of logits z at pairs of rows, which are h either
// side of the image.
func (x *exam) compare(i int, order []int, g []float32, rows, z [][]float32, h float32) agreement {
	// What rounding of the logits may add to a difference.
	noise := 4 * 0x1p-23 * max(1, largest(x.logits[i])) / float64(h)
	var diff, grad []float64
	right, counted := 0, 0
	blank := true
	for n, k := range order {
		step := float64(rows[2*n][k]) - float64(rows[2*n+1][k]) // as float32 has it
		d := (x.along(i, z[2*n]) - x.along(i, z[2*n+1])) / step
		diff, grad = append(diff, d), append(grad, float64(g[k]))
		if math.Abs(d) > noise || math.Abs(float64(g[k])) > noise {
			blank = false
		}
		if m := math.Abs(float64(g[k])); m > 1e-6 && m > 2*noise {
			counted++
			if (d > 0) == (g[k] > 0) && d != 0 {
				right++
			}
		}
	}
	a := agreement{cosine: cosine(diff, grad), signs: 1, blank: blank}
	if counted > 0 {
		a.signs = share(right, counted)
	}
	return a
}

// or is the better of two agreements.
func (a agreement) or(b agreement) agreement {
	if b.blank || !a.blank && min(a.cosine/.99, a.signs/.98) >= min(b.cosine/.99, b.signs/.98) {
		return a
	}
	return b
}

// estimates is C22. NES with m pairs of antithetic samples in d dimensions
// finds the direction of the gradient of a linear function up to a cosine of
// about sqrt(m/(m+d+1)).
func estimates(x *exam) (verdict, error) {
	if why, no := x.undeclared(attacks.Linear); no {
		return skip(why)
	}
	if x.random() {
		return skip(noisyWhy)
	}
	const sigma = .01
	images := x.first(few)
	d := len(images[0])
	pairs := min(500, max(100, d))
	var all []float64
	for i, img := range images {
		if err := x.ctx.Err(); err != nil {
			return verdict{}, err
		}
		s, err := x.guide.Slopes(attacks.Linear, x.pair(i, img))
		if err != nil {
			return verdict{}, err
		}
		estimate, err := x.nes(i, img, pairs, sigma)
		if err != nil {
			return verdict{}, err
		}
		all = append(all, cosine(wide(s[0].Gradient), estimate))
	}
	got, want := mean(all), math.Sqrt(float64(pairs)/float64(pairs+d+1))
	v := verdict{status: Pass, value: fmt.Sprintf("mean cosine %.3f over %d images, %d pairs allow about %.3f", got, len(all), pairs, want)}
	if got < want/2 {
		v.status = Fail
		v.advice = "answers change in another direction than the gradient says: it is masked; attack without it (square, spsa, nes)"
	}
	return v, nil
}

// nes estimates the gradient from logits alone (Ilyas et al. 2018, eq. 1).
func (x *exam) nes(i int, img []float32, pairs int, sigma float32) ([]float64, error) {
	r := x.rand(i, 22)
	sum := make([]float64, len(img))
	for pairs > 0 {
		n := min(pairs, 100)
		pairs -= n
		var rows, noise [][]float32
		for range n {
			u, a, b := make([]float32, len(img)), slices.Clone(img), slices.Clone(img)
			for k := range u {
				u[k] = float32(r.NormFloat64())
				a[k] += sigma * u[k]
				b[k] -= sigma * u[k]
			}
			rows, noise = append(rows, a, b), append(noise, u)
		}
		z, err := x.judge.Logits(rows...)
		if err != nil {
			return nil, err
		}
		for n, u := range noise {
			d := x.along(i, z[2*n]) - x.along(i, z[2*n+1])
			for k, v := range u {
				sum[k] += d * float64(v)
			}
		}
	}
	return sum, nil
}

// rand is the generator of a check on one image.
func (x *exam) rand(i, check int) *rand.Rand {
	return rand.New(rand.NewPCG(x.Seed, uint64(x.set.Index[i])<<8|uint64(check)))
}
