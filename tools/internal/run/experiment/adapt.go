package experiment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/quiet"
)

// adapter is a source that settles with the data at hand what its configuration leaves
// open.
type adapter interface {
	// adaptData is d with what the model needs of images that are resized.
	adaptData(c config.Config) (pipelines.Data, error)
	// adaptModel is c with the range of pixels and what else is to be found, and
	// remarks for the user.
	adaptModel(ctx context.Context, c config.Config, data pipelines.Splits) (config.Config, []string, error)
}

// Adapt settles the configuration of a model from elsewhere with data.
func Adapt(ctx context.Context, src Source, c config.Config, data pipelines.Splits) (config.Config, error) {
	a, ok := src.(adapter)
	if !ok {
		return c, nil
	}
	c, _, err := a.adaptModel(ctx, c, data)
	return c, err
}

// Sets whose images are resized, and sets that may have no test part.
var (
	sized  = []string{"folder", "csv"}
	parted = []string{"folder", "csv", "npz"}
)

// adaptData takes image files in the size of the network, and all images of a set without
// a test part.
func (s *foreignSource) adaptData(c config.Config) (pipelines.Data, error) {
	d := c.Data
	f, err := s.encoder(c)
	if err != nil {
		return d, err
	}
	n, err := s.open(f)
	if err != nil {
		return d, err
	}
	in := n.Signature().Input
	if slices.Contains(sized, d.Set) {
		if d.Size == 0 && in.H > 0 && in.H == in.W && c.Train.Augment.String() == "" {
			d.Size = in.H
		}
		if d.Channels == 0 && in.C == 1 {
			d.Channels = 1
		}
	}
	if slices.Contains(parted, d.Set) && d.Holdout == 0 {
		d.Holdout = 1
	}
	return d, nil
}

// measuredImages is on how many images a network is tried.
const measuredImages = 200

// adaptModel finds how images are prepared, whether scores are probabilities, and how
// accurate the network is on the first images.
func (s *foreignSource) adaptModel(ctx context.Context, c config.Config, data pipelines.Splits) (config.Config, []string, error) {
	shape, err := seenShape(c, data.Train)
	if err != nil {
		return c, nil, err
	}
	model, err := s.Model(c, shape, data.Train.Classes()) // checks sizes and classes
	if err != nil {
		return c, nil, err
	}
	f, err := s.encoder(c)
	if err != nil {
		return c, nil, err
	}
	remarks := describeNetwork(s.network, s.path, model.Classes())
	if model.(*foreignModel).classAlone && f.Classes == 0 {
		if _, err := classesOfNumbers(&c, f, model.Classes()); err != nil {
			return c, nil, err
		}
		f.Classes = model.Classes()
		remarks = append(remarks, fmt.Sprintf("classes: %d, those of the data, as the file gives the number of one and does not say of how many (classes= in model.encoder)", f.Classes))
	}
	named, err := s.checkOutputs(c, data.Train, model.Classes())
	if err != nil {
		return c, nil, err
	}
	sub := &Subject{Source: s, Config: c, Data: data, Model: model}
	set, err := sub.Images(ctx, data.Test, measuredImages)
	if err != nil {
		return c, nil, err
	}
	found, err := s.prepare(ctx, &c, shape, set.Pixels, set.Labels, f)
	if err != nil {
		return c, nil, err
	}
	return c, slices.Concat(remarks, named, found), nil
}

// prepare settles the preparation of images in c.
func (s *foreignSource) prepare(ctx context.Context, c *config.Config, shape pipelines.Shape, pixels []float32, labels []int32, f graphs.FileEncoder) (remarks []string, err error) {
	all := guesses(shape)
	given, isGiven := givenPreparation(c.Model)
	bytes := s.network.Signature().Input.Type == "uint8"
	switch {
	case isGiven:
		all = []preparation{given}
	case bytes:
		all = []preparation{{name: "0..255", pixels: "0..255"}}
	}
	var affine []imported.Affine
	for _, p := range all {
		a, err := p.affine(shape.C)
		if err != nil {
			return nil, err
		}
		affine = append(affine, a)
	}
	o := graphs.Options{Device: c.Device, Threads: c.Threads, First: quiet.During}
	m, err := imported.Measure(ctx, s.network, o, dims(shape), pixels, labels, affine)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	if s.network.Signature().End == imported.Number {
		m.Loss = nil // there are no scores
	}
	best, why := choosePreparation(all, m)
	all[best].apply(&c.Model)
	switch {
	case isGiven:
		why = "input range: as given"
	case bytes:
		why = "input range: 0..255, as the file takes bytes"
	}
	remarks = append(remarks, why)
	if m.Probabilities && f.Ends == "" {
		f.Ends = "probabilities"
		if c.Model.Encoder, err = f.Text(); err != nil {
			return nil, err
		}
		remarks = append(remarks, "outputs: probabilities, by their values; attacks follow their logarithms (--outputs logits says otherwise)")
	}
	share := 100 * float64(m.Correct[best]) / float64(m.Images)
	remarks = append(remarks, fmt.Sprintf("accuracy without attack: %.1f %% of the first %d images", share, m.Images))
	if isChance(m.Correct[best], labels) {
		remarks = append(remarks, fmt.Sprintf("that is no better than chance: is the input range right? (--input-range 0..255, -1..1, or --mean and --std; here %s), and are the classes in the order of the outputs? (--classes)", all[best].name))
	}
	return remarks, nil
}

// isChance tells whether so many right answers are no more than always giving the most
// frequent label would, within two deviations.
func isChance(correct int, labels []int32) bool {
	counts := map[int32]int{}
	most := 0
	for _, l := range labels {
		counts[l]++
		most = max(most, counts[l])
	}
	n, p := float64(len(labels)), float64(most)/float64(len(labels))
	return correct < len(labels) && float64(correct) <= n*p+2*math.Sqrt(n*p*(1-p))
}
