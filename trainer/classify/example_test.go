package classify_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"log"
	"os"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
	"unwarp/trainer/classify"
)

// twoColours are 32 images of one colour each, red and blue in turn.
type twoColours struct{ pipelines.Source }

func (twoColours) ClassNames() []string { return []string{"red", "blue"} }

func newTwoColours() pipelines.Source {
	var images []image.Image
	for i := range 32 {
		images = append(images, plain(i%2, uint8(150+3*i)))
	}
	src, err := pipelines.Images(images, pipelines.Shape{H: 8, W: 8, C: 3}, 2)
	if err != nil {
		log.Fatal(err)
	}
	return twoColours{src}
}

func (s twoColours) Label(i int) int { return i % 2 }

func (s twoColours) At(i int, dst []uint8) (int, error) {
	_, err := s.Source.At(i, dst)
	return i % 2, err
}

func plain(class int, v uint8) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 24, 16))
	c := color.RGBA{v, 20, 20, 255}
	if class == 1 {
		c = color.RGBA{20, 20, v, 255}
	}
	for i := range 24 * 16 {
		m.SetRGBA(i%24, i/24, c)
	}
	return m
}

// export trains on the two colours and exports the model.
func export() string {
	src := newTwoColours()
	c := trainer.DefaultConfig()
	c.Batch = 8
	if err := c.Duration.UnmarshalText([]byte("30st")); err != nil {
		log.Fatal(err)
	}
	m := graphs.DefaultModel()
	m.Kind, m.Appearance, m.Geometry = "base", 4, 4
	model, err := m.Build(2)
	if err != nil {
		log.Fatal(err)
	}
	var g *trainer.TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		g, err = trainer.Declare(b, c, model, src.Shape())
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	dir, err := os.MkdirTemp("", "unwarp")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := g.Run(context.Background(), net, trainer.Inputs{Train: src, Dir: dir, Seed: 1}); err != nil {
		log.Fatal(err)
	}
	g.ClassNames = []string{"red", "blue"}
	to := filepath.Join(dir, "export")
	if _, err := g.WriteSavedModel(net, to, trainer.DefaultExport(), nil); err != nil {
		log.Fatal(err)
	}
	return to
}

// An export classifies an image in three lines.
func Example() {
	dir := export()
	defer os.RemoveAll(filepath.Dir(dir))

	c, err := classify.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	classes, err := c.Classify(plain(1, 200))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(classes[0].Name, classes[0].Probability > .9)
	// Output: blue true
}
