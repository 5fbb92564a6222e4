package experiment

import (
	"context"
	"fmt"

	"unwarp/attacks"
	"unwarp/graphs/memory"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
)

// Subject is a trained model with its configuration and data: what an
// evaluation is about.
type Subject struct {
	Source Source
	Config config.Config // the source's, with the user's changes
	Data   pipelines.Splits
	Model  Model
	Known  Known // of the source
	// OtherData says that data which are not those of the training are meant.
	OtherData bool
	// AllowTrained says that images which were trained on are meant too.
	AllowTrained bool
	// Remarks say what was found out about a model from elsewhere, a line each.
	Remarks []string

	fingerprints map[string]pipelines.Fingerprint // of parts of Data, as far as they were taken
	trained      map[string][]int                 // images of parts that were trained on, as far as they were looked for
}

// OpenSubject opens the data that c names and the model of src for its images.
// Images of classes with other names than those that the source learnt are
// refused, by a [ConfigError].
func OpenSubject(ctx context.Context, src Source, c config.Config) (*Subject, error) {
	a, adapts := src.(adapter)
	if adapts {
		var err error
		if c.Data, err = a.adaptData(c); err != nil {
			return nil, err
		}
	}
	data, err := OpenData(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	var remarks []string
	if adapts {
		if c, remarks, err = a.adaptModel(ctx, c, data); err != nil {
			return nil, err
		}
	}
	if err := checkClasses(src.Path(), src.Known().ClassNames, data.Train); err != nil {
		return nil, err
	}
	s, err := newSubject(src, c, data)
	if err != nil {
		return nil, err
	}
	s.Remarks = remarks
	return s, s.takeProbes(ctx)
}

// takeProbes gives a network from elsewhere images to check its gradient on.
func (s *Subject) takeProbes(ctx context.Context) error {
	m, ok := s.Model.(*foreignModel)
	if !ok {
		return nil
	}
	const images = 8
	set, err := s.Images(ctx, s.Data.Test, images)
	m.probes = set.Pixels
	return err
}

func newSubject(src Source, c config.Config, data pipelines.Splits) (*Subject, error) {
	shape, err := seenShape(c, data.Train)
	if err != nil {
		return nil, err
	}
	model, err := src.Model(c, shape, data.Train.Classes())
	if err != nil {
		return nil, err
	}
	return &Subject{Source: src, Config: c, Data: data, Model: model, Known: src.Known()}, nil
}

// seenShape is the shape of the images of src that enter the graph in evaluation.
func seenShape(c config.Config, src pipelines.Source) (pipelines.Shape, error) {
	shape, err := c.Train.Augment.ForEvaluation().OutputShape(src.Shape())
	if err != nil {
		return shape, &ConfigError{fmt.Errorf("train.augment: %w", err)}
	}
	return shape, nil
}

// Images reads the first n examples of src, prepared as for evaluation; n 0
// takes all.
func (s *Subject) Images(ctx context.Context, src pipelines.Source, n int) (attacks.Images, error) {
	var set attacks.Images
	augment := s.Config.Train.Augment.ForEvaluation()
	got, err := augment.OutputShape(src.Shape())
	if err != nil {
		return set, err
	}
	want := s.Model.Shape()
	if got != want {
		return set, fmt.Errorf("%s: want images of %v for this model, got %v (%v before the augmentation %q)", src.Name(), want, got, src.Shape(), augment)
	}
	if n > 0 && n < src.Len() {
		if src, err = pipelines.First(src, n); err != nil {
			return set, err
		}
	}
	values := src.Len() * want.Len()
	if err := memory.Check(fmt.Sprintf("%d images of %v", src.Len(), want), 4*uint64(values), "lower data.test or attack.images"); err != nil {
		return set, &ConfigError{err}
	}
	set.Pixels = make([]float32, 0, values)
	o := pipelines.Options{Batch: 250, Augment: augment, Epochs: 1, Remainder: true}
	for b, err := range pipelines.Stream(ctx, src, o) {
		if err != nil {
			return set, err
		}
		set.Pixels = append(set.Pixels, b.Images...)
		set.Labels = append(set.Labels, b.Labels...)
		set.Index = append(set.Index, b.Index...)
	}
	return set, nil
}

// AttackedImages reads the images to attack: the first of the test part.
func (s *Subject) AttackedImages(ctx context.Context) (attacks.Images, error) {
	src, err := s.Part(ctx, AttackedPart)
	if err != nil {
		return attacks.Images{}, err
	}
	return s.Images(ctx, src, s.Config.Attack.Images)
}
