package experiment

import (
	"cmp"
	"context"
	"fmt"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/quiet"
	"unwarp/trainer"
)

// OpenModel builds the graph of src for evaluation and restores its weights, without its
// data: their shape and number of classes are those that the source recorded.
func OpenModel(ctx context.Context, src Source, c config.Config) (*Experiment, trainer.State, error) {
	var remarks []string
	if f, ok := src.(*foreignSource); ok {
		var err error
		if c, remarks, err = f.adaptAlone(ctx, c); err != nil {
			return nil, trainer.State{}, err
		}
	}
	recorded, err := recordedPart(src, c)
	if err != nil {
		return nil, trainer.State{}, err
	}
	shape, err := c.Train.Augment.ForEvaluation().OutputShape(ImageShape(recorded))
	if err != nil {
		return nil, trainer.State{}, &ConfigError{fmt.Errorf("train.augment: %w", err)}
	}
	model, err := src.Model(c, shape, recorded.Classes)
	if err != nil {
		return nil, trainer.State{}, err
	}
	s := &Subject{Source: src, Config: c, Model: model, Known: src.Known(), Remarks: remarks}
	if c.Data.Order != "" && s.Known.ClassNames == nil {
		if s.Known.ClassNames, err = pipelines.ReadOrder(c.Data.Order); err != nil {
			return nil, trainer.State{}, &ConfigError{err}
		}
		if n := len(s.Known.ClassNames); n != model.Classes() {
			return nil, trainer.State{}, outputsError(src.Path(), model.Classes(), n)
		}
	}
	x, st, err := s.Open()
	if err == nil {
		x.seen = ImageShape(recorded)
	}
	return x, st, err
}

// SeenShape is the shape of the images of [OpenModel], before the augmentation.
func (x *Experiment) SeenShape() pipelines.Shape { return x.seen }

// adaptAlone settles, without data, the range of pixels that the network takes: as
// its first layers tell, or else 0..1.
func (s *foreignSource) adaptAlone(ctx context.Context, c config.Config) (config.Config, []string, error) {
	part, err := s.recorded(c)
	if err != nil {
		return c, nil, err
	}
	remarks := describeNetwork(s.network, s.path, part.Classes)
	if s.network.Signature().End == imported.Number {
		remarks = append(remarks, "probabilities: none, as the file gives the number of a class: they are printed as 0 or 1")
	}
	if _, given := givenPreparation(c.Model); given {
		return c, remarks, nil
	}
	m, err := imported.Measure(ctx, s.network, graphs.Options{Device: graphs.CPU, First: quiet.During}, dims(ImageShape(part)), nil, nil, nil)
	if err != nil {
		return c, nil, fmt.Errorf("%s: %w", s.path, err)
	}
	switch {
	case s.network.Signature().Input.Type == "uint8":
		c.Model.Range = "0..255"
		return c, append(remarks, "input range: 0..255, as the file takes bytes"), nil
	case m.Wants != "":
		c.Model.Range = m.Wants
		return c, append(remarks, fmt.Sprintf("input range: %s, as the first layers of the file tell", m.Wants)), nil
	}
	c.Model.Range = "0..1"
	return c, append(remarks, "input range: 0..1 is assumed; give --input-range, or --mean and --std, where it is another (unwarp evaluate finds it with data)"), nil
}

// recorded is what the file says of its images.
func (s *foreignSource) recorded(c config.Config) (f pipelines.Fingerprint, err error) {
	e, err := s.encoder(c)
	if err != nil {
		return f, err
	}
	n, err := s.open(e)
	if err != nil {
		return f, err
	}
	in := n.Signature().Input
	f.Shape = [3]int{cmp.Or(in.H, c.Data.Size), cmp.Or(in.W, c.Data.Size), cmp.Or(in.C, c.Data.Channels, 3)}
	if f.Shape[0] == 0 {
		return f, &ConfigError{fmt.Errorf("%s: want the size of an image, which the file leaves free: give --set data.size=N", s.path)}
	}
	if n.Signature().End == imported.Number {
		f.Classes, err = namedClasses(c, e)
		return f, err
	}
	f.Classes, err = countClasses(n, c, ImageShape(f))
	return f, err
}

// recordedPart is what src tells of the images that it was trained on.
func recordedPart(src Source, c config.Config) (pipelines.Fingerprint, error) {
	if f, ok := src.(*foreignSource); ok {
		return f.recorded(c)
	}
	if known := src.Known().Data; known != nil {
		if f, ok := known.Parts["train"]; ok {
			return f, nil
		}
	}
	return pipelines.Fingerprint{}, fmt.Errorf("%s: want a model that records what images it was trained on, got one of a version before 0.2, which does not: train it again", src.Path())
}

// ImageShape is the shape of the recorded images, before the augmentation.
func ImageShape(f pipelines.Fingerprint) pipelines.Shape {
	return pipelines.Shape{H: f.Shape[0], W: f.Shape[1], C: f.Shape[2]}
}
