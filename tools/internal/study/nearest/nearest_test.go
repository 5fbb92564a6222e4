package nearest

import (
	"image"
	"image/color"
	"math"
	"testing"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// grey makes images of 8x8 pixels of functions of the place.
func grey(t *testing.T, all ...func(x, y int) uint8) pipelines.Source {
	t.Helper()
	var pictures []image.Image
	for _, f := range all {
		m := image.NewGray(image.Rect(0, 0, 8, 8))
		for i := range 64 {
			m.SetGray(i%8, i/8, color.Gray{Y: f(i%8, i/8)})
		}
		pictures = append(pictures, m)
	}
	src, err := pipelines.Images(pictures, pipelines.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// The nearest image by values, and without brightness and contrast by shape.
func TestFind(t *testing.T) {
	ramp := func(by, from int) func(x, y int) uint8 { return func(x, _ int) uint8 { return uint8(from + by*x) } }
	down := func(by, from int) func(x, y int) uint8 { return func(_, y int) uint8 { return uint8(from + by*y) } }
	faint := func(_, y int) uint8 { return uint8(120 + y*y/8) }
	train := grey(t, ramp(30, 0), faint, down(35, 0))
	test := grey(t, ramp(15, 70), down(25, 25))
	for normalise, want := range map[graphs.Normalise]map[int]int{
		graphs.NoNormalise: {0: 1, 1: 2}, // a ramp lies nearest to a faint image
		graphs.ByImage:     {0: 0, 1: 2}, // but has the shape of the strong one
	} {
		all, err := Find(t.Context(), train, test, Request{Count: 5, Seed: 1, Normalise: normalise})
		if err != nil || len(all) != 2 {
			t.Fatalf("want both test images, got %d, %v", len(all), err)
		}
		for _, m := range all {
			if m.Train != want[m.Test] {
				t.Errorf("%s: test image %d: want training image %d, got %d at %g", normalise, m.Test, want[m.Test], m.Train, m.Distance)
			}
		}
		m := Draw(all, pipelines.Shape{H: 8, W: 8, C: 1}, 2)
		if m.Rect.Dx() < 2*112 || m.Rect.Dy() < 2*112 {
			t.Errorf("want two rows of two images, got %v", m.Rect)
		}
	}
	all, _ := Find(t.Context(), train, test, Request{Count: 2, Seed: 1})
	for _, m := range all {
		if m.Test == 1 { // values 25 + 25 y and 35 y: differences 25, 15, 5, -5, -15, -25, -35, -45
			if want := 200. / 255; math.Abs(m.Distance-want) > 1e-5 {
				t.Errorf("want the distance %g, got %g", want, m.Distance)
			}
		}
	}
}
