package pipelines_test

import (
	"context"
	"fmt"
	"log"

	"unwarp/pipelines"
)

// An augmentation is written as steps separated by "|". Evaluation applies it
// without its random steps.
func ExampleParseAugment() {
	a, err := pipelines.ParseAugment("crop(48)|resize(32)|brightness(63/255)|deform(stretch=2..8,shift=2..8)")
	if err != nil {
		log.Fatal(err)
	}
	shape, err := a.OutputShape(pipelines.Shape{H: 96, W: 96, C: 2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("images of", shape, "with deformed views:", a.Deforms())
	fmt.Println("evaluation:", a.ForEvaluation())
	_, err = pipelines.ParseAugment("crop(48)|rotate(3)")
	fmt.Println(err)
	// Output:
	// images of 32x32x2 with deformed views: true
	// evaluation: centre(48)|resize(32)
	// augment "crop(48)|rotate(3)": column 10: want one of stretch, shift, crop, centre, resize, flip, brightness, contrast, erase, deform, mixup, got "rotate": choose one of these
}

// The batches of a stream depend on its seed, not on the number of workers. A
// stream can start at any batch, which is how a training is resumed.
func ExampleStream() {
	digits, err := pipelines.NewGlyphs(1, "train", 100, 16)
	if err != nil {
		log.Fatal(err)
	}
	augment, err := pipelines.ParseAugment("shift(2)|brightness(.1)")
	if err != nil {
		log.Fatal(err)
	}
	first := func(start, workers int) pipelines.Batch {
		o := pipelines.Options{Batch: 4, Seed: 7, Shuffle: true, Augment: augment, Start: start, Workers: workers}
		for batch, err := range pipelines.Stream(context.Background(), digits, o) {
			if err != nil {
				log.Fatal(err)
			}
			return batch
		}
		return pipelines.Batch{}
	}
	alone, parallel, resumed := first(0, 1), first(0, 8), first(30, 8)
	fmt.Println("labels:", alone.Labels)
	fmt.Println("same with 8 workers:", fmt.Sprint(alone.Images) == fmt.Sprint(parallel.Images))
	fmt.Printf("batch %d is in epoch %d\n", resumed.Step, resumed.Epoch)
	// Output:
	// labels: [1 1 0 1]
	// same with 8 workers: true
	// batch 30 is in epoch 1
}

// A data set is opened by name; part of the training images can be held out.
func ExampleOpen() {
	splits, err := pipelines.Open(context.Background(), pipelines.Data{
		Set: "glyphs", Size: 16, Train: 80, Validation: 20, Test: 50,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range []pipelines.Source{splits.Train, splits.Validation, splits.Test} {
		fmt.Println(part.Name(), part.Len(), part.Shape(), part.Classes())
	}
	_, err = pipelines.Open(context.Background(), pipelines.Data{Set: "minst"})
	fmt.Println(err)
	// Output:
	// glyphs/train 80 16x16x1 10
	// glyphs/train 20 16x16x1 10
	// glyphs/test 50 16x16x1 10
	// data.set: want one of glyphs, mnist, cifar10, smallnorb, facescrub, folder, csv, idx, npz, got "minst": did you mean mnist?
}

// stripes is a source of our own: class 0 has horizontal stripes, class 1
// vertical ones.
type stripes struct{ n int }

func (s stripes) Name() string           { return "stripes" }
func (s stripes) Len() int               { return s.n }
func (s stripes) Shape() pipelines.Shape { return pipelines.Shape{H: 4, W: 4, C: 1} }
func (s stripes) Classes() int           { return 2 }
func (s stripes) Label(i int) int        { return i % 2 }

func (s stripes) At(i int, dst []uint8) (int, error) {
	if i < 0 || i >= s.n || len(dst) < 16 {
		return 0, fmt.Errorf("stripes: image %d of %d into %d bytes", i, s.n, len(dst))
	}
	for k := range 16 {
		row, column := k/4, k%4
		along := [2]int{row, column}[s.Label(i)]
		dst[k] = uint8(255 * (along % 2))
	}
	return s.Label(i), nil
}

// Any type with these methods is a data set: it can be divided, described,
// streamed and trained on.
func ExampleSource() {
	part, err := pipelines.First(stripes{n: 100}, 10)
	if err != nil {
		log.Fatal(err)
	}
	d, err := pipelines.Describe(part)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Name, d.Examples, "images,", d.PerClass, "per class, mean", d.Mean)
	// Output:
	// stripes 10 images, [5 5] per class, mean 0.5
}
