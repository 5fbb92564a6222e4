package experiment

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// Source is a trained model at a path: a run folder or an export. Each kind is
// a file of this package and a case of [OpenSource].
type Source interface {
	// Path is the path that was opened.
	Path() string
	// Checkpoint is the checkpoint that was asked for, last or best.
	Checkpoint() string
	// Config is the configuration of the model and its data, as far as the
	// source knows it. Other keys have their defaults.
	Config() config.Config
	// Results is the folder for results about the model, "" where no file may
	// be added to the source.
	Results() string
	// Known is what the source tells of its training.
	Known() Known
	// GraphHash is the SHA-256 of the file with the graph, "" where the graph
	// follows from the configuration.
	GraphHash() string
	// WeightsHash is the SHA-256 of the file with the weights, in hexadecimal.
	WeightsHash() (string, error)
	// Model is the model that c describes. c is Config with the user's changes;
	// shape and classes are those of the images that enter the graph.
	Model(c config.Config, shape pipelines.Shape, classes int) (Model, error)
}

// Model is a trained model of known image shape and classes. It can be declared
// in any number of graphs.
type Model interface {
	// Shape is that of the images that enter the graph.
	Shape() pipelines.Shape
	// Classes is the number of logits.
	Classes() int
	// Declare writes the inference pass into b.
	Declare(b *graphs.Builder) (Declared, error)
}

// Declared is a model in a graph.
type Declared struct {
	// Victim is what attacks may ask of the model.
	Victim attacks.Victim
	// Restore gives a net of the graph the weights of the source.
	Restore func(net *graphs.Net) error
}

// OpenSource opens the trained model at path. checkpoint is last or best; "" is best
// where the run has one, else last. An export has one set of weights and ignores it.
func OpenSource(path, checkpoint string) (Source, error) {
	if format := foreignFormat(path); format != "" {
		return openForeign(path, format, cmp.Or(checkpoint, trainer.Last))
	}
	if err := checkReadable(path); err != nil {
		return nil, err
	}
	if isExport(path) {
		return openExport(path, cmp.Or(checkpoint, trainer.Last))
	}
	return openRun(path, checkpoint)
}

// WeightsHash is that of the model at path, with the named checkpoint.
func WeightsHash(path, checkpoint string) (string, error) {
	src, err := OpenSource(path, checkpoint)
	if err != nil {
		return "", err
	}
	return src.WeightsHash()
}

// hashFiles is a hash of the contents of several files.
func hashFiles(paths []string) (string, error) {
	all := sha256.New()
	for _, path := range paths {
		sum, err := hashFile(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(all, sum)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

// hashFile is the SHA-256 of a file of weights, in hexadecimal.
func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("weights: %w", files.NotRead(name, err))
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
