package evidence

import (
	"context"
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/evaluation"
)

// mostListed is of how many images the place is listed.
const mostListed = 10

// faults gathers what is amiss with images.
type faults struct {
	count  map[string]int
	order  []string
	images []int
}

// add takes in what is amiss with the image at a place in the data.
func (f *faults) add(place int, what string) {
	if f.count == nil {
		f.count = map[string]int{}
	}
	if f.count[what] == 0 {
		f.order = append(f.order, what)
	}
	f.count[what]++
	if len(f.images) < mostListed && !slices.Contains(f.images, place) {
		f.images = append(f.images, place)
	}
}

// claim takes in a claim that holds unless there are faults.
func (v *verification) claim(what, detail string, f faults) {
	c := Claim{What: what, Outcome: Holds, Detail: detail, Images: f.images}
	if len(f.order) > 0 {
		c.Outcome, c.Detail = Fails, ""
		for _, word := range f.order {
			c.Detail += fmt.Sprintf("%d %s; ", f.count[word], word)
		}
		c.Detail += fmt.Sprintf("images %v", f.images)
	}
	v.claims = append(v.claims, c)
}

// verifyOriginals compares the originals with their hashes, and with that of all of
// them in the record.
func (v *verification) verifyOriginals() {
	var f faults
	ev := &v.Record.Evaluation
	for i := range ev.Images {
		x := v.original(i)
		switch {
		case hashImage(x) != v.Hashes[i]:
			f.add(ev.Index[i], "are not the images whose hashes the bundle has")
		case slices.ContainsFunc(x, func(p float32) bool { return !(p >= 0 && p <= 1) }):
			f.add(ev.Index[i], "have values outside [0,1]")
		}
	}
	v.claim("originals", fmt.Sprintf("%s and labels of %s %s, by their hashes", printable.Count(ev.Images, "image"), v.Record.Set, v.Record.Part), f)
	if hash := evaluation.HashData(v.Originals); hash != v.Record.DataHash || hash != v.known.Data.Hash {
		v.add("data", "", "the hash of all images and labels is another than the record's")
	}
}

// original is original i.
func (v *verification) original(i int) []float32 {
	n := v.Record.Evaluation.Pixels
	return v.Originals.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// eachLogits computes the logits of images, some at a time.
func (v *verification) eachLogits(ctx context.Context, n int, image func(k int) []float32, take func(k int, logits []float32)) error {
	const rows = 256
	runner := v.e.NewRunner()
	for from := 0; from < n; from += rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		var list [][]float32
		for k := from; k < min(n, from+rows); k++ {
			list = append(list, image(k))
		}
		logits, err := runner.Logits(list...)
		if err != nil {
			return err
		}
		for k, z := range logits {
			take(from+k, z)
		}
	}
	return nil
}

// rounding is by how much logits may differ on another machine.
func rounding(z []float32) float64 {
	return max(attacks.Rounding*attacks.Spread(z), 4*attacks.Resolution(z))
}

func isFinite(z []float32) bool {
	return !slices.ContainsFunc(z, func(v float32) bool { return v-v != 0 })
}

// verifyClean classifies the originals.
func (v *verification) verifyClean(ctx context.Context) error {
	var f faults
	ev := &v.Record.Evaluation
	close := 0
	err := v.eachLogits(ctx, ev.Images, v.original, func(i int, z []float32) {
		class, _ := attacks.Predict(z, int(ev.Labels[i]))
		switch {
		case !isFinite(z):
			f.add(ev.Index[i], "have logits that are no numbers")
		case class == int(ev.Clean[i]):
		case math.Abs(attacks.Lead(z, int(ev.Clean[i]))) <= rounding(z):
			close++
		default:
			f.add(ev.Index[i], "are classified otherwise than the record says")
		}
	})
	detail := fmt.Sprintf("%d of %d classified correctly", ev.CleanCorrect, ev.Images)
	if close > 0 {
		detail += fmt.Sprintf("; rounding decides on %d", close)
	}
	v.claim("without attack", detail, f)
	return err
}
