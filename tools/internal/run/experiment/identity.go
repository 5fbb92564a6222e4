package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.yaml.in/yaml/v3"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// Identity is a hash of everything that determines the training in the run folder
// dir: a resumed run must have the same. Where the data lie does not count, only
// what they are.
func (x *Experiment) Identity(dir string) (string, error) {
	was, err := readIdentity(dir)
	if err != nil {
		return "", err
	}
	if was == nil {
		return x.identityBefore02()
	}
	if was.Hash != "" {
		return was.Hash, nil // CheckResume compares what it stands for
	}
	now, err := x.identityAs(was)
	if err != nil {
		return "", err
	}
	return now.hash()
}

// identityBefore02 is the hash in the checkpoints of versions before 0.2, of
// which some may still be resumed.
func (x *Experiment) identityBefore02() (string, error) {
	c := x.Config
	data, err := Fingerprint(x.Data.Train)
	if err != nil {
		return "", err
	}
	teacher := ""
	if x.Teacher != nil {
		if teacher, err = x.Teacher.Identity(); err != nil {
			return "", err
		}
	}
	// Workers change nothing but the speed; of a teacher the weights count.
	c.Data.Path, c.Train.Workers, c.Train.Teacher = "", 0, ""
	raw, err := yaml.Marshal(struct {
		Seed      uint64
		Precision graphs.Precision
		Data      pipelines.Data
		Model     graphs.Model
		Train     trainer.Config
		Sizes     [2]int
		Print     string
		Teacher   string
	}{c.Seed, x.Net.Precision, c.Data, c.Model, c.Train, [2]int{x.Data.Train.Len(), x.Data.Test.Len()}, data, teacher})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// fingerprinted is on how many examples a fingerprint is computed.
const fingerprinted = 64

// Fingerprint is a hash of examples evenly spread over src: another set is
// noticed without reading all of it, and the same one in another folder is the
// same.
func Fingerprint(src pipelines.Source) (string, error) {
	sum := sha256.New()
	pixels := make([]uint8, src.Shape().Len())
	n := min(fingerprinted, src.Len())
	for k := range n {
		label, err := src.At(k*src.Len()/n, pixels)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%d %v\n", label, src.Shape())
		sum.Write(pixels)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
