// Package nearest finds the training images that resemble given test images most:
// figure 2 of Duan et al., which shows how far the views of smallNORB's test part
// lie from those that a model has seen.
package nearest

import (
	"context"
	"fmt"
	"image"
	"math"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/study"
)

// Request says which test images are looked at.
type Request struct {
	Count     int // images, drawn at random
	Seed      uint64
	Augment   pipelines.Augment // prepares images as for evaluation
	Normalise graphs.Normalise  // with image, images are compared with mean 0 and deviation 1
}

// Match is a test image with the training image nearest to it.
type Match struct {
	Test     int     `json:"test"`  // index in its part
	Train    int     `json:"train"` // index in its part
	Class    string  `json:"class"`
	Nearest  string  `json:"nearest"`  // the class of the training image
	Distance float64 `json:"distance"` // L2, of all values of the prepared images

	pixels, nearest []float32 // [H,W,C], in [0,1]
	compared        []float32
	label, of       int32 // the two classes
}

// Find returns a match for each of some random test images.
func Find(ctx context.Context, train, test pipelines.Source, q Request) ([]Match, error) {
	n := min(q.Count, test.Len())
	order := pipelines.Seed(q.Seed).Split("nearest").Rand().Perm(test.Len())[:n]
	some, err := pipelines.Subset(test, order)
	if err != nil {
		return nil, err
	}
	var all []Match
	err = q.each(ctx, some, func(pixels, compared []float32, label int32, _ int) {
		all = append(all, Match{Test: order[len(all)], label: label, pixels: pixels, compared: compared, Distance: math.Inf(1)})
	})
	if err != nil {
		return nil, err
	}
	err = q.each(ctx, train, func(pixels, compared []float32, label int32, index int) {
		for i := range all {
			if d := distance(all[i].compared, compared, all[i].Distance); d < all[i].Distance {
				all[i].Distance, all[i].Train, all[i].of, all[i].nearest = d, index, label, pixels
			}
		}
	})
	name, trainName := study.ClassNames(test), study.ClassNames(train)
	for i := range all {
		all[i].Class, all[i].Nearest = name(all[i].label), trainName(all[i].of)
	}
	return all, err
}

// each calls f with each image of src in order: as it is drawn, as it is compared,
// its class and its index.
func (q Request) each(ctx context.Context, src pipelines.Source, f func(pixels, compared []float32, label int32, index int)) error {
	shape, err := q.Augment.OutputShape(src.Shape())
	if err != nil {
		return study.WrongRequest("train.augment: %v", err)
	}
	size := shape.Len()
	o := pipelines.Options{Batch: 250, Augment: q.Augment, Epochs: 1, Remainder: true}
	for b, err := range pipelines.Stream(ctx, src, o) {
		if err != nil {
			return err
		}
		for i := range b.N {
			pixels := append([]float32(nil), b.Images[i*size:(i+1)*size]...)
			f(pixels, q.prepare(pixels), b.Labels[i], b.Index[i])
		}
	}
	return nil
}

// prepare is an image as it is compared.
func (q Request) prepare(pixels []float32) []float32 {
	if q.Normalise != graphs.ByImage {
		return pixels
	}
	mean, square := 0., 0.
	for _, v := range pixels {
		mean += float64(v) / float64(len(pixels))
	}
	for _, v := range pixels {
		square += (float64(v) - mean) * (float64(v) - mean) / float64(len(pixels))
	}
	scale := math.Max(math.Sqrt(square), 1/math.Sqrt(float64(len(pixels))))
	out := make([]float32, len(pixels))
	for i, v := range pixels {
		out[i] = float32((float64(v) - mean) / scale)
	}
	return out
}

// distance is the L2 distance of a and b, or something above most as soon as that
// is sure.
func distance(a, b []float32, most float64) float64 {
	sum, limit := 0., most*most
	for i := 0; i < len(a); i += 256 {
		part := float32(0)
		for k := i; k < min(i+256, len(a)); k++ {
			part += (a[k] - b[k]) * (a[k] - b[k])
		}
		if sum += float64(part); sum > limit {
			return math.Inf(1)
		}
	}
	return math.Sqrt(sum)
}

// Draw draws the test images, and below each the training image nearest to it.
func Draw(all []Match, shape pipelines.Shape, columns int) *image.RGBA {
	var pixels []float32
	var captions []string
	for from := 0; from < len(all); from += columns {
		row := all[from:min(from+columns, len(all))]
		blank := make([]float32, (columns-len(row))*shape.Len())
		empty := make([]string, columns-len(row))
		for _, m := range row {
			pixels, captions = append(pixels, m.pixels...), append(captions, fmt.Sprintf("test %s\nno. %d", m.Class, m.Test))
		}
		pixels, captions = append(pixels, blank...), append(captions, empty...)
		for _, m := range row {
			pixels, captions = append(pixels, m.nearest...), append(captions, fmt.Sprintf("train %s\nno. %d, at %.1f", m.Nearest, m.Train, m.Distance))
		}
		pixels, captions = append(pixels, blank...), append(captions, empty...)
	}
	const side = 112.
	scale := max(1, int(side/float64(max(shape.H, shape.W))+.5))
	return pipelines.Sheet(pixels, len(captions), shape, columns, scale, captions)
}
