package evidence

import (
	"encoding/json"
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
)

// KnownIdentity is what decided the figures, as the manifest has it.
func (b *Bundle) KnownIdentity() (id evaluation.Identity, err error) {
	if err := json.Unmarshal(b.Identity, &id); err != nil {
		return id, fmt.Errorf("%s: identity: %w", manifestFile, err)
	}
	return id, nil
}

// TakeOriginals takes the originals of a bundle that has their hashes alone from the
// first images of a data set.
func (b *Bundle) TakeOriginals(set attacks.Images) error {
	ev := &b.Record.Evaluation
	if !slices.Equal(set.Index, ev.Index) || len(set.Pixels) != ev.Images*ev.Pixels {
		return fmt.Errorf("the bundle has no original images: want its %d images from the data set, got %d: name the set with --data PATH", ev.Images, set.Len())
	}
	b.Originals.Pixels = set.Pixels
	b.Originals.Labels = set.Labels
	return nil
}

// Subject is the model of src, with the configuration c, for the images of the
// bundle. The data set is not opened.
func (b *Bundle) Subject(src experiment.Source, c config.Config) (*experiment.Subject, error) {
	id, err := b.KnownIdentity()
	if err != nil {
		return nil, err
	}
	ev, sh := &b.Record.Evaluation, b.Record.Shape
	c.Attack.Images, c.Attack.Defence, c.Attack.Certify = ev.Images, id.Attack.Defence, ""
	c.Attack.Norm, c.Attack.Threat, c.Attack.Lattice = ev.Norm, "", 0
	if ev.Norm == "" {
		c.Attack.Norm, c.Attack.Threat = config.DefaultAttack().Norm, ev.Threat.String()
	}
	model, err := src.Model(c, pipelines.Shape{H: sh[0], W: sh[1], C: sh[2]}, b.Record.Classes)
	if err != nil {
		return nil, err
	}
	return &experiment.Subject{Source: src, Config: c, Model: model, Known: src.Known()}, nil
}
