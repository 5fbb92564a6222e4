package experiment

import (
	"context"
	"fmt"

	"unwarp/pipelines"
	"unwarp/tools/internal/printable"
	"unwarp/trainer"
)

// AttackedPart is the part of the data set whose images are attacked.
const AttackedPart = "test"

// Part is the named part of the data, of those of [pipelines.PartNames], nil
// where the set lacks it. Images other than those of the training's set are a
// [ConfigError], unless s.OtherData says that they are meant.
func (s *Subject) Part(ctx context.Context, name string) (pipelines.Source, error) {
	src := s.Data.Part(name)
	if src == nil {
		return nil, nil
	}
	differs, err := s.Differs(ctx, name)
	if err != nil {
		return nil, err
	}
	if differs != "" && !s.OtherData {
		return nil, &ConfigError{fmt.Errorf("part %s of %s is not that of the training of %s: %s: name its own data, or give --other-data if these are meant", name, src.Name(), s.Source.Path(), differs)}
	}
	if differs != "" {
		return src, s.refuseTrained(ctx, name)
	}
	return src, nil
}

// Differs says in words how the named part differs from that of the training, ""
// where it does not or where that is not known.
func (s *Subject) Differs(ctx context.Context, name string) (string, error) {
	src := s.Data.Part(name)
	if s.Known.Data == nil || src == nil {
		return "", nil
	}
	now, err := s.fingerprint(ctx, name, src)
	if err != nil {
		return "", err
	}
	was, ok := s.Known.Data.Parts[name]
	if !ok {
		return "the training's set has no such part", nil
	}
	differs := was.Differences(now)
	if differs == "" {
		return "", nil
	}
	if train := s.Known.Data.Parts["train"]; train.Pixels == now.Pixels {
		return differs + ", those that were trained on", nil
	}
	if s.Known.Images == nil {
		return differs + fmt.Sprintf("; whether some were trained on is not known without %s", trainer.TrainedImagesFile), nil
	}
	n, _, err := s.trainedAmong(ctx, name)
	if n > 0 {
		differs += fmt.Sprintf(", %d of them trained on", n)
	}
	return differs, err
}

// fingerprint is that of the named part, which is src. All of it is read once,
// however often it is compared.
func (s *Subject) fingerprint(ctx context.Context, name string, src pipelines.Source) (pipelines.Fingerprint, error) {
	if f, ok := s.fingerprints[name]; ok {
		return f, nil
	}
	f, err := pipelines.TakeFingerprint(ctx, src)
	if err != nil {
		return f, err
	}
	if s.fingerprints == nil {
		s.fingerprints = map[string]pipelines.Fingerprint{}
	}
	s.fingerprints[name] = f
	return f, nil
}

// Title names what is measured: the model, the data set, its part and the number
// of images. It is the first line of every evaluation.
func (s *Subject) Title(ctx context.Context, part string, images int) (string, error) {
	text := s.Source.Path()
	if s.Source.Results() != "" { // an export has no checkpoints
		text += ", checkpoint " + s.Source.Checkpoint()
	}
	text += fmt.Sprintf(", on %s of %s, part %s", printable.Count(images, "image"), s.Config.Data.Set, part)
	differs, err := s.Differs(ctx, part)
	switch {
	case err != nil:
		return "", err
	case differs != "":
		text += " (other data than the training's: " + differs + ")"
	case part == "train":
		text += " (it was trained on these)"
	}
	return text, nil
}
