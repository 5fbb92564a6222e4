package checks

import (
	"fmt"

	"unwarp/attacks"
)

// expensiveImages is how many images of the sample the expensive checks use.
const expensiveImages = 10

// drawSample takes N correctly classified images, evenly spread over the input:
// it may be sorted by class.
func (c *checkContext) drawSample() error {
	n, size := c.Images.Len(), c.victim.Size()
	if n == 0 || len(c.Images.Pixels) != n*size {
		return fmt.Errorf("checks: want at least one image of %dx%dx%d, got %d with %d values", c.victim.H, c.victim.W, c.victim.C, n, len(c.Images.Pixels))
	}
	order := evenlySpread(n)
	for len(order) > 0 && c.sample.Len() < c.N {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		chunk := order[:min(len(order), c.N)]
		order = order[len(chunk):]
		images := make([][]float32, len(chunk))
		for k, i := range chunk {
			images[k] = c.Images.Pixels[i*size : (i+1)*size]
		}
		logits, err := c.reference.Logits(images...)
		if err != nil {
			return err
		}
		centred, err := c.reference.CentredLogits(images...)
		if err != nil {
			return err
		}
		for k, i := range chunk {
			c.classified = append(c.classified, classifiedImage{i, logits[k], centred[k]})
			if attacks.Correct(logits[k], int(c.Images.Labels[i])) && c.sample.Len() < c.N {
				c.addToSample(i, images[k], centred[k])
			}
		}
	}
	c.medianSpread = medianSpread(c.logits)
	return nil
}

func medianSpread(logits [][]float32) float64 {
	var all []float64
	for _, z := range logits {
		all = append(all, attacks.Spread(z))
	}
	return median(all)
}

// classifiedImage is an image that was classified to draw the sample.
type classifiedImage struct {
	image   int       // of the input
	logits  []float32 // the model's own
	centred []float32
}

// addToSample adds image i of the input with its centred logits.
func (c *checkContext) addToSample(i int, image, logits []float32) {
	c.sample.Pixels = append(c.sample.Pixels, image...)
	c.sample.Labels = append(c.sample.Labels, c.Images.Labels[i])
	c.sample.Index = append(c.sample.Index, c.Images.Index[i])
	c.logits = append(c.logits, logits)
}

// evenlySpread orders 0..n-1 so that each beginning of the order is spread
// evenly: in steps of about the golden section of n, coprime to n.
func evenlySpread(n int) []int {
	step := max(1, int(.618*float64(n)))
	for greatestDivisor(step, n) != 1 {
		step++
	}
	order := make([]int, n)
	for k := range order {
		order[k] = k * step % n
	}
	return order
}

// greatestDivisor is the greatest common divisor of a and b.
func greatestDivisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// image is image i of the sample.
func (c *checkContext) image(i int) []float32 {
	size := len(c.sample.Pixels) / c.sample.Len()
	return c.sample.Pixels[i*size : (i+1)*size : (i+1)*size]
}

// firstImages are the first n images of the sample, fewer if it is smaller.
func (c *checkContext) firstImages(n int) [][]float32 {
	out := make([][]float32, min(n, c.sample.Len()))
	for i := range out {
		out[i] = c.image(i)
	}
	return out
}

// sampleImages are all images of the sample.
func (c *checkContext) sampleImages() [][]float32 { return c.firstImages(c.sample.Len()) }
