package evaluation

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/setup/doctor"
)

// Identity is everything that decides the figures of an evaluation. It stands at
// the head of its journal: an evaluation that is resumed must have the same. The
// names of its keys are those of the configuration where there are any.
type Identity struct {
	Model  ModelIdentity  `json:"model"`
	Data   DataIdentity   `json:"data"`
	Attack AttackIdentity `json:"attack"`
	Seed   uint64         `json:"seed"` // of the graph's random numbers: those of a random defence
	// Keep and LossCurves are for how many images examples and losses are stored.
	Keep       int `json:"examples_stored"` // as many as there are images with --save
	LossCurves int `json:"losses_stored"`
	Rows       int `json:"rows"` // of each session call, which rounding depends on
	// Of one shard: which, and the versions, since results of several are put together.
	Shard      string `json:"shard,omitempty"`
	Version    string `json:"version,omitempty"`
	TensorFlow string `json:"tensorflow,omitempty"`
}

// ModelIdentity says which function of an image is attacked, or followed.
type ModelIdentity struct {
	Weights string `json:"weights"` // SHA-256 of the file
	Graph   string `json:"graph"`   // SHA-256 of an export's graph, "" of a run, whose graph follows from Config
	// Config are the keys that decide what is computed with the weights.
	Config    map[string]string `json:"config"`
	Precision graphs.Precision  `json:"precision"`
}

// DataIdentity says which images are attacked, as the model sees them.
type DataIdentity struct {
	Set    string `json:"set"`
	Part   string `json:"part"`
	Images int    `json:"images"`
	Hash   string `json:"hash"`  // of pixels and labels
	Index  string `json:"index"` // hash of their places in the part, which key random numbers
}

// AttackIdentity says which threat and which attacks.
type AttackIdentity struct {
	Norm       attacks.Norm     `json:"norm"`
	Threat     string           `json:"threat,omitempty"` // geometric, where there is no norm
	Box        [2]float32       `json:"box"`              // the least and the largest value of a pixel
	Eps        []float32        `json:"eps"`
	Attacks    []AttackText     `json:"attacks"`
	Lattice    int              `json:"lattice,omitempty"` // examples have values k/Lattice
	Exhaustive bool             `json:"exhaustive"`
	Defence    string           `json:"defence"`
	Precision  graphs.Precision `json:"precision"` // of gradients
	Sources    []SourceIdentity `json:"sources"`   // in the order of the configuration
	// Certify is the method of proof, whose proofs leave attempts out.
	Certify string `json:"certify,omitempty"`
}

// AttackText is an attack with all of its keys, defaults included: they may
// change.
type AttackText struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"params"`
}

// SourceIdentity is a model from which attacks transfer.
type SourceIdentity struct {
	Name string `json:"name"`
	ModelIdentity
}

// deciding are the beginnings of the keys that decide what a model computes with
// its weights. Those of data and augmentation show in the images.
var deciding = []string{"model.", "train.objective.", "train.average"}

// identifyModel says what a source computes under a configuration.
func identifyModel(src experiment.Source, c config.Config, p graphs.Precision) (id ModelIdentity, err error) {
	id = ModelIdentity{Graph: src.GraphHash(), Precision: p}
	if id.Weights, err = src.WeightsHash(); err != nil {
		return id, err
	}
	c.Model = experiment.WithoutPlaces(c.Model)
	if id.Config, err = c.Canonical().Leaves(); err != nil {
		return id, err
	}
	maps.DeleteFunc(id.Config, func(key, _ string) bool {
		for _, prefix := range deciding {
			if strings.HasPrefix(key, prefix) {
				return false
			}
		}
		return true
	})
	return id, nil
}

// Preparation is what the evaluation did to the pixels of a model from elsewhere, as
// key=value: such a model does not say it itself.
func (id Identity) Preparation() (set []string) {
	for _, key := range []string{"model.range", "model.normalise", "model.mean", "model.std"} {
		if v := id.Model.Config[key]; v != "" && v != "[]" && v != string(graphs.NoNormalise) {
			set = append(set, key+"="+v)
		}
	}
	return set
}

// Identity is that of the evaluation of set, or of its shard in e.Options.
func (e *Evaluator) Identity(set attacks.Images) Identity { return e.identify(set, e.Options.Shard) }

// identify is the identity of a shard of the evaluation of set.
func (e *Evaluator) identify(set attacks.Images, shard attacks.Shard) Identity {
	c, t, o := e.subject.Config, e.ReferenceModel.Graph.Threat, e.Options
	id := Identity{
		Model: e.model,
		Data:  e.identifyData(set),
		Attack: AttackIdentity{
			Norm: t.Norm, Box: [2]float32{t.Lo, t.Hi}, Eps: o.Eps, Lattice: t.Lattice, Exhaustive: o.Exhaustive, Defence: c.Attack.Defence,
			Precision: e.GradientModel.Net.Precision, Sources: e.sources,
		},
		Seed: c.Seed, Keep: o.Keep, LossCurves: o.LossCurves, Rows: e.Engine.Rows(),
	}
	if !shard.IsWhole() {
		id.Shard, id.Version, id.TensorFlow = shard.String(), doctor.ReadBuild("").Unwarp, tf.Version()
	}
	if e.prover != nil {
		id.Attack.Certify = e.prover.Name()
	}
	if t.IsGeometric() {
		id.Attack.Threat = t.String()
	}
	if id.Attack.Defence == "" {
		id.Attack.Defence = "none"
	}
	for _, a := range o.Attacks {
		id.Attack.Attacks = append(id.Attack.Attacks, newAttackText(a))
	}
	return id
}

// identifyData says which images are evaluated.
func (e *Evaluator) identifyData(set attacks.Images) DataIdentity {
	return DataIdentity{e.subject.Config.Data.Set, experiment.AttackedPart, set.Len(), HashData(set), hashIndex(set)}
}

func newAttackText(a attacks.Attack) AttackText {
	t := AttackText{attacks.About(a).Name, map[string]string{}}
	for _, p := range attacks.Params(a) {
		t.Params[p.Key] = p.Value
	}
	return t
}

// HashData is the SHA-256 of all images and labels, in hexadecimal, by which records
// name their data.
func HashData(set attacks.Images) string {
	sum := sha256.New()
	raw := make([]byte, 0, 4*len(set.Pixels))
	for _, v := range set.Pixels {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	sum.Write(raw)
	for _, l := range set.Labels {
		fmt.Fprintln(sum, l)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// hashIndex is the SHA-256 of the images' places.
func hashIndex(set attacks.Images) string {
	sum := sha256.New()
	for _, i := range set.Index {
		fmt.Fprintln(sum, i)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
