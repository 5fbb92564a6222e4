package pipelines

import (
	"math"
	"testing"
)

// What an image loses by erasing is one rectangle of whole pixels, of random values; its
// probability, area, aspect and place are those of the algorithm. All else is the image
// without erasing, of the same seed.
func TestErase(t *testing.T) {
	in := Shape{24, 31, 3}
	raw := make([]uint8, in.Len()) // contrast and brightness bring it away from any v/255
	for i := range raw {
		raw[i] = 100
	}
	const n = 3000
	erased, sumArea, sumLogAspect, squares := 0, 0., 0., 0.
	var hits [24 * 31]int
	var values [256]int
	total := 0
	for seed := range n {
		plain, _ := augmented(t, "flip|brightness(.3)", Seed(seed), raw, in)
		image, _ := augmented(t, "flip|brightness(.3)|erase(.4,.1,.2)", Seed(seed), raw, in)
		top, bottom, left, right, changed := in.H, -1, in.W, -1, 0
		for i, v := range image {
			if v == plain[i] {
				continue
			}
			y, x := i/3/in.W, i/3%in.W
			top, bottom, left, right = min(top, y), max(bottom, y), min(left, x), max(right, x)
			changed++
		}
		if changed == 0 {
			continue
		}
		erased++
		h, w := bottom-top+1, right-left+1
		if changed < h*w*3*9/10 { // a random value may be that of the image
			t.Fatalf("seed %d: %d values changed, want all of a rectangle of %dx%d", seed, changed, h, w)
		}
		for y := top; y <= bottom; y++ {
			for x := left; x <= right; x++ {
				hits[y*in.W+x]++
				for k := range 3 {
					v := float64(image[(y*in.W+x)*3+k]) * 255
					if math.Abs(v-math.Round(v)) > 1e-4 || v < 0 || v > 255.001 {
						t.Fatalf("seed %d: erased to %g/255, want an 8-bit value", seed, v)
					}
					values[int(math.Round(v))]++
					total++
				}
			}
		}
		area, logAspect := float64(h*w)/float64(in.H*in.W), math.Log(float64(h)/float64(w))
		if area < .1*.8 || area > .2*1.2 || math.Abs(logAspect) > math.Log(10./3)*1.15 { // sides are whole pixels
			t.Errorf("seed %d: erased %dx%d", seed, h, w)
		}
		sumArea, sumLogAspect, squares = sumArea+area, sumLogAspect+logAspect, squares+logAspect*logAspect
	}
	e := float64(erased)
	if share := e / n; math.Abs(share-.4) > .045 { // five standard deviations
		t.Errorf("erased %.3f of the images, want .4", share)
	}
	deviation := math.Sqrt(squares / e) // of an even distribution on a range of 2·log(10/3): 2·log(10/3)/sqrt(12)
	if math.Abs(sumArea/e-.15) > .01 || math.Abs(sumLogAspect/e) > .1 || math.Abs(deviation-2*math.Log(10./3)/math.Sqrt(12)) > .05 {
		t.Errorf("mean area %.3f, mean log aspect %.3f with a deviation of %.3f", sumArea/e, sumLogAspect/e, deviation)
	}
	for _, edge := range []int{in.W / 2, in.H / 2 * in.W, in.H/2*in.W + in.W - 1, (in.H-1)*in.W + in.W/2} {
		if hits[edge] == 0 {
			t.Errorf("pixel %d at the edge was never erased", edge)
		}
	}
	chi := 0.
	for _, count := range values {
		d := float64(count) - float64(total)/256
		chi += d * d / (float64(total) / 256)
	}
	if chi > 255+5*math.Sqrt(2*255) {
		t.Errorf("chi square %.0f of 255 degrees of freedom: values are not equally likely", chi)
	}
}

// A rectangle that never fits leaves the image; the smallest and largest arguments are no fault.
func TestEraseExtremes(t *testing.T) {
	in := Shape{4, 40, 1}
	raw := make([]uint8, in.Len())
	for _, text := range []string{"erase(1,1,1)", "erase(1,0,0)", "erase(0)"} {
		for seed := range 50 {
			plain, _ := augmented(t, "", Seed(seed), raw, in)
			image, _ := augmented(t, text, Seed(seed), raw, in)
			for i := range image {
				if image[i] != plain[i] {
					t.Fatalf("%s changes an image, which no such rectangle fits", text)
				}
			}
		}
	}
}
