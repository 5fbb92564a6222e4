package experiment

import (
	"fmt"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/quiet"
	"unwarp/trainer"
)

// foreignSource is a network that another program wrote: a SavedModel or an ONNX file.
// It is a model of kind base whose encoder is the whole network, without a head.
type foreignSource struct {
	path, checkpoint, format string
	config                   config.Config
	network                  imported.Network // as it was opened last
}

// defaults is the configuration of the network. Which data it is for is not known.
func (s *foreignSource) defaults(encoder string) config.Config {
	c := config.Default()
	c.Data = pipelines.Data{}
	c.Model = graphs.DefaultModel()
	c.Model.Kind, c.Model.Encoder, c.Model.Head, c.Model.Dropout = "base", encoder, "none", 0
	c.Train.Average = 0
	c.Attack.Attacks = offeredAttacks(c.Attack.Attacks)
	return c
}

// offeredAttacks leaves out attacks that follow more of a model than its logits: nobody
// has asked for them by name.
func offeredAttacks(list []string) (out []string) {
	for _, text := range list {
		if a, err := attacks.Parse(text); err != nil || (attacks.Victim{Classes: 10}).OffersAll(a) {
			out = append(out, text)
		}
	}
	return out
}

func (s *foreignSource) Path() string          { return s.path }
func (s *foreignSource) Checkpoint() string    { return s.checkpoint }
func (s *foreignSource) Config() config.Config { return s.config }
func (s *foreignSource) Results() string       { return "" }
func (s *foreignSource) Known() Known          { return Known{} }

// GraphHash is that of the file with the graph, "" where it cannot be read: then
// WeightsHash says so.
func (s *foreignSource) GraphHash() string {
	n, err := s.opened(s.config)
	if err != nil || len(n.Files()) == 0 {
		return ""
	}
	sum, err := hashFile(n.Files()[0])
	if err != nil {
		return ""
	}
	return sum
}

// WeightsHash is that of all files.
func (s *foreignSource) WeightsHash() (string, error) {
	n, err := s.opened(s.config)
	if err != nil {
		return "", err
	}
	return hashFiles(n.Files())
}

// opened is the network as c says, or as it was opened last.
func (s *foreignSource) opened(c config.Config) (imported.Network, error) {
	if s.network != nil {
		return s.network, nil
	}
	f, err := s.encoder(c)
	if err != nil {
		return nil, err
	}
	return s.open(f)
}

// OpenNetwork is the network of src, which another program wrote, as c says.
func OpenNetwork(src Source, c config.Config) (imported.Network, error) {
	s, ok := src.(*foreignSource)
	if !ok {
		return nil, fmt.Errorf("%s: want a network that another program wrote, got a model of unwarp", src.Path())
	}
	return s.opened(c)
}

func (s *foreignSource) open(f graphs.FileEncoder) (imported.Network, error) {
	var err error
	quietly := quiet.During(func() error {
		s.network, err = imported.OpenEncoder(f)
		return err
	})
	if quietly != nil {
		return nil, &ConfigError{fmt.Errorf("model: %w", quietly)}
	}
	return s.network, nil
}

// encoder is that of c, which must be the network of s.
func (s *foreignSource) encoder(c config.Config) (graphs.FileEncoder, error) {
	f, ok := c.Model.FileEncoder()
	own, _ := s.config.Model.FileEncoder()
	if !ok || f.Format != own.Format || f.Path != own.Path || f.Output != graphs.ScoresOutput || c.Model.Kind != "base" || c.Model.Head != "none" {
		return f, &ConfigError{fmt.Errorf("model: want the network of %s itself, got model.kind %s, model.encoder %.80s: train a model on it with unwarp train", s.path, c.Model.Kind, c.Model.Encoder)}
	}
	return f, nil
}

// Model is the network for images of the shape.
func (s *foreignSource) Model(c config.Config, shape pipelines.Shape, classes int) (Model, error) {
	f, err := s.encoder(c)
	if err != nil {
		return nil, err
	}
	n, err := s.open(f)
	if err != nil {
		return nil, err
	}
	if err := admitImages(n, s.path, shape); err != nil {
		return nil, err
	}
	k, err := countClasses(n, c, shape)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	alone := n.Signature().End == imported.Number
	if alone {
		if k, err = classesOfNumbers(&c, f, classes); err != nil {
			return nil, err
		}
		f.Classes = k
	}
	if classes > k && c.Data.Order != "" {
		return nil, outputsError(s.path, k, classes)
	}
	if classes > k {
		return nil, &ConfigError{fmt.Errorf("%s: want images of at most the %d classes of its outputs, got %d classes: name data that it was trained for, or say with --classes which outputs they are", s.path, k, classes)}
	}
	model, err := c.Model.Build(k)
	if err != nil {
		return nil, &ConfigError{err}
	}
	t := &trained{model, shape,
		func(b *graphs.Builder) (*trainer.TrainGraph, error) {
			return trainer.DeclareInference(b, c.Train, model, shape)
		},
		func(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error) {
			return trainer.State{}, imported.RestoreEncoder(f, net)
		},
	}
	return &foreignModel{trained: t, config: c, classAlone: alone}, nil
}

// admitImages refuses images of another size than the network takes.
func admitImages(n imported.Network, path string, shape pipelines.Shape) error {
	in := n.Signature().Input
	if err := in.Admits(shape.H, shape.W, shape.C); err != nil {
		do := "name data of this size"
		if in.H > 0 && in.H == in.W && (in.C == 0 || in.C == shape.C) {
			do = fmt.Sprintf("resize them with --set 'train.augment=resize(%d)', or name data of this size", in.H)
		}
		return &ConfigError{fmt.Errorf("%s: %w: %s", path, err, do)}
	}
	return nil
}

// countClasses is the number of classes of a network, from its file or by building it.
func countClasses(n imported.Network, c config.Config, shape pipelines.Shape) (k int, err error) {
	if k = n.Signature().Classes; k > 0 {
		return imported.Classes(k), nil
	}
	o := graphs.Options{Device: graphs.CPU, Threads: c.Threads, First: quiet.During}
	k, err = imported.CountScores(n, o, dims(shape))
	return imported.Classes(k), err
}

func dims(s pipelines.Shape) [3]int64 { return [3]int64{int64(s.H), int64(s.W), int64(s.C)} }
