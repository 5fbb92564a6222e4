package pipelines

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Each image of a stream with mixup is a mixture of two images of the stream without, of
// the same epoch: its own and that of one example, whose label is the partner's.
func TestMixupMixesTheStream(t *testing.T) {
	src := noise("n", 12, Shape{6, 5, 2}, 4)
	o := Options{Batch: 4, Seed: 9, Shuffle: true, Augment: parse(t, "flip|brightness(.2)|erase(.5)"), Epochs: 3}
	plain := map[[2]int][]float32{}
	for _, b := range collect(t, src, o, -1) {
		for k, i := range b.Index {
			plain[[2]int{b.Epoch, i}] = b.Images[k*60 : (k+1)*60]
		}
		if b.Partners != nil || b.Shares != nil {
			t.Fatal("partners without mixup")
		}
	}
	o.Augment = parse(t, "flip|brightness(.2)|erase(.5)|mixup(1)")
	mixed := collect(t, src, o, -1)
	self := 0
	for _, b := range mixed {
		for k, i := range b.Index {
			share := float64(b.Shares[k])
			if int(b.Labels[k]) != src.Label(i) || share < 0 || share > 1 {
				t.Fatalf("example %d: label %d, share %g", i, b.Labels[k], share)
			}
			own, got, found := plain[[2]int{b.Epoch, i}], b.Images[k*60:(k+1)*60], -1
			for j := range 12 {
				far := 0.
				for v, other := range plain[[2]int{b.Epoch, j}] {
					far = max(far, math.Abs(share*float64(own[v])+(1-share)*float64(other)-float64(got[v])))
				}
				if far < 1e-6 {
					found = j
				}
			}
			if found < 0 || int(b.Partners[k]) != src.Label(found) {
				t.Errorf("epoch %d, example %d: mixed with example %d, of label %d", b.Epoch, i, found, b.Partners[k])
			}
			if found == i {
				self++
			}
		}
	}
	if self > 12 {
		t.Errorf("%d of 36 examples are mixed with themselves", self)
	}
	o.Workers, o.Queue = 7, 1
	if !same(collect(t, jittery{src}, o, -1), mixed) {
		t.Error("seven workers mix otherwise")
	}
	o.Start = 4
	if !same(collect(t, src, o, -1), mixed[4:]) {
		t.Error("a stream that starts later mixes otherwise")
	}
	o.Start, o.Batch = 0, 3
	for _, b := range collect(t, src, o, -1) { // by example, not by place in the batch
		for k, i := range b.Index {
			for _, m := range mixed {
				if at := slices.Index(m.Index, i); m.Epoch == b.Epoch && at >= 0 && m.Shares[at] != b.Shares[k] {
					t.Errorf("example %d: share %g in batches of 3, %g in batches of 4", i, b.Shares[k], m.Shares[at])
				}
			}
		}
	}
}

// The shares are those of a beta distribution (Kolmogorov and Smirnov), and partners
// are equally likely.
func TestMixupDraws(t *testing.T) {
	const n = 4000
	for _, alpha := range []float64{leastAlpha, .2, 1, mostAlpha} {
		o, beta := mixup{fraction{alpha, 1}}, distuv.Beta{Alpha: alpha, Beta: alpha}
		var shares []float64
		counts := make([]int, 10)
		for i := range n {
			partner, share := o.draw(Seed(5).Split("d", i).Rand(), 10)
			counts[partner]++
			shares = append(shares, float64(share))
		}
		slices.Sort(shares)
		far := 0.
		for i, x := range shares {
			if x > 1e-5 && x < 1-1e-5 { // float32 has no numbers next to 1
				far = max(far, math.Abs(beta.CDF(x)-(float64(i)+.5)/n))
			}
		}
		if limit := 2 / math.Sqrt(n); far > limit { // p = .0007
			t.Errorf("alpha %g: shares are %.3f from the distribution, want at most %.3f", alpha, far, limit)
		}
		for _, c := range counts {
			if c < n/10-100 || c > n/10+100 {
				t.Errorf("alpha %g: partners %v", alpha, counts)
				break
			}
		}
	}
}
