// Package classify classifies images with an exported model:
//
//	c, err := classify.Open("runs/photos/export")
//	...
//	defer c.Close()
//	classes, err := c.Classify(photo) // an image.Image; the likeliest class first
//
// The program that uses it needs TensorFlow's C library when it runs, as unwarp
// itself does, and neither the data of the training nor its configuration.
package classify

import (
	"context"
	"fmt"
	"image"
	"path/filepath"

	"unwarp/graphs"
	_ "unwarp/graphs/imported" // unwarp.json may name an encoder from a file
	"unwarp/pipelines"
	"unwarp/trainer"
)

// Classifier is a model with its weights. Its methods may be called from one goroutine at a time.
type Classifier struct {
	graph *trainer.TrainGraph
	net   *graphs.Net
	names []string
	shape pipelines.Shape // of images before the augmentation
}

// New classifies with a graph whose weights are in net. names are those of the classes, nil for none; shape is that of
// the images of the training before the augmentation. It is an error if no image file can be decoded to that.
func New(graph *trainer.TrainGraph, net *graphs.Net, names []string, shape pipelines.Shape) (*Classifier, error) {
	if err := pipelines.CheckPhotoShape(shape); err != nil {
		return nil, err
	}
	return &Classifier{graph, net, names, shape}, nil
}

// Open opens the export in dir, or that of the run folder dir. The errors of a damaged export name the file.
func Open(dir string) (*Classifier, error) {
	x, err := trainer.OpenExport(dir)
	if inside, ierr := trainer.OpenExport(filepath.Join(dir, "export")); err != nil && ierr == nil {
		x, err = inside, nil
	}
	if err != nil {
		return nil, err
	}
	graph, net, err := build(x)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", dir, err)
	}
	shape := x.Info.Shape()
	if x.Info.Data != nil { // the images before the augmentation
		s := x.Info.Data.Parts["train"].Shape
		shape = pipelines.Shape{H: s[0], W: s[1], C: s[2]}
	}
	c, err := New(graph, net, x.Info.ClassNames, shape)
	if err != nil {
		net.Close()
		return nil, fmt.Errorf("export %s: %w", dir, err)
	}
	return c, nil
}

// build declares the model of an export and restores its weights.
func build(x *trainer.OpenedExport) (graph *trainer.TrainGraph, net *graphs.Net, err error) {
	config := trainer.DefaultConfig()
	config.Objective, config.Average = x.Info.Objective, 0 // the exported weights are the averages
	if config.Augment, err = pipelines.ParseAugment(x.Info.Prepare); err != nil {
		return nil, nil, err
	}
	model, err := x.Info.Model.Build(x.Info.Classes)
	if err != nil {
		return nil, nil, fmt.Errorf("unwarp.json: %w", err)
	}
	net, err = graphs.Build(graphs.Options{}, func(b *graphs.Builder) (err error) {
		graph, err = trainer.DeclareExport(b, config, model, x)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if err := graph.RestoreExport(net); err != nil {
		net.Close()
		return nil, nil, err
	}
	return graph, net, nil
}

// Close releases the session, also of a net that [New] was given.
func (c *Classifier) Close() error { return c.net.Close() }

// Names are the names of the classes by label; nil where they have none.
func (c *Classifier) Names() []string { return c.names }

// Classify returns all classes of an image, the likeliest first. Of the image it takes the square in the middle and
// resizes it, as in training; a turn by an EXIF tag is the caller's.
func (c *Classifier) Classify(photo image.Image) ([]Class, error) {
	all, err := c.ClassifyAll([]image.Image{photo})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// ClassifyAll classifies several images at once, which takes less time for each.
func (c *Classifier) ClassifyAll(photos []image.Image) ([][]Class, error) {
	if len(photos) == 0 {
		return nil, nil
	}
	src, err := pipelines.Images(photos, c.shape, c.graph.Model.Classes)
	if err != nil {
		return nil, err
	}
	p, err := c.graph.Predict(context.Background(), c.net, src)
	if err != nil {
		return nil, err
	}
	var all [][]Class
	for _, row := range p {
		all = append(all, c.rank(row))
	}
	return all, nil
}
