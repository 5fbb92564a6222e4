package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/quiet"
	"unwarp/trainer"
)

// Battery is a trained model with the attacks of its configuration around it.
// It has nets of its own: the judge's in float32, the guide's in the precision
// of gradients.
type Battery struct {
	Engine  *attacks.Engine
	Options attacks.Options
	Judge   attacks.Stage
	Guide   attacks.Stage
	Skipped []string // attacks of an ensemble that are not defined for this model
	Weights string   // hash of the judge's weights
	nets    []*graphs.Net
}

// Close releases the sessions.
func (b *Battery) Close() {
	for _, n := range b.nets {
		n.Close()
	}
}

// Battery restores the weights of the run or export in dir into nets that hold
// the attacks. pointer is last or best; the examples of the first keep images
// are kept.
func (x *Experiment) Battery(dir, pointer string, keep int) (*Battery, error) {
	c := x.Config.Attack
	v, err := Defended(Victim(x.Plan), c.Defence)
	if err != nil {
		return nil, &ConfigError{err}
	}
	o, skipped, err := c.Options(v)
	if err != nil {
		return nil, &ConfigError{err}
	}
	if len(o.Attacks) == 0 {
		return nil, &ConfigError{fmt.Errorf("attack.attacks: want at least one of %s, or %s, got none", strings.Join(attacks.Names(), ", "), strings.Join(ensembles(), ", "))}
	}
	o.Keep, o.Traces = keep, traces
	b := &Battery{Options: o, Skipped: skipped}
	if err := b.open(x, dir, pointer); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// traces is on how many images the loss of each iterate is recorded.
const traces = 64

func ensembles() (names []string) {
	for n := range config.Ensembles {
		names = append(names, n)
	}
	return names
}

func (b *Battery) open(x *Experiment, dir, pointer string) (err error) {
	load := loader(dir, pointer)
	list := b.Options.Attacks
	if x.Config.Attack.Checks > 0 {
		list = append(checks.Attacks(), list...)
	}
	if b.Judge, err = b.stage(x, x.Config.Attack.Defence, load, list); err != nil {
		return err
	}
	b.Guide = b.Judge
	if x.Config.Attack.Precision != graphs.Float32 {
		if b.Guide.Net, err = b.Judge.Net.Copy(graphs.Options{Device: x.Config.Device, Threads: x.Config.Threads, Precision: x.Config.Attack.Precision, First: quiet.During}); err != nil {
			return err
		}
		b.nets = append(b.nets, b.Guide.Net)
	}
	b.Options.Sources = map[string]attacks.Stage{}
	for _, source := range x.Config.Attack.Sources {
		s, err := b.source(x, source)
		if err != nil {
			return &ConfigError{fmt.Errorf("attack.sources: %s: %w", source, err)}
		}
		b.Options.Sources[filepath.Base(filepath.Clean(source))] = s
	}
	if b.Weights, err = WeightsHash(dir, pointer); err != nil {
		return err
	}
	if b.Engine, err = attacks.NewEngine(b.Judge, b.Guide, b.Options); err != nil {
		return &ConfigError{err}
	}
	return nil
}

// load restores weights into a net.
type load func(p *trainer.Plan, net *graphs.Net) error

func loader(dir, pointer string) load {
	if IsExport(dir) {
		return func(p *trainer.Plan, net *graphs.Net) error { return p.RestoreExport(net, dir) }
	}
	return func(p *trainer.Plan, net *graphs.Net) error {
		_, err := trainer.Checkpoints{Dir: filepath.Join(dir, trainer.CheckpointsDir)}.Load(p, net, pointer)
		return err
	}
}

// IsExport tells a SavedModel from a run folder.
func IsExport(dir string) bool { return exists(filepath.Join(dir, "saved_model.pb")) }

// stage builds a net with the arena of list and restores the weights.
func (b *Battery) stage(x *Experiment, defence string, load load, list []attacks.Attack) (attacks.Stage, error) {
	var s attacks.Stage
	var plan *trainer.Plan
	c := x.Config
	var err error
	s.Net, err = graphs.Build(graphs.Options{Seed: c.Seed, Device: c.Device, Threads: c.Threads, First: quiet.During}, func(gb *graphs.Builder) error {
		if plan, err = trainer.DeclareInference(gb, c.Train, x.Plan.Model, x.Plan.Shape); err != nil {
			return err
		}
		v, err := Defended(Victim(plan), defence)
		if err != nil {
			return err
		}
		if s.Arena, err = attacks.NewArena(gb, v, attacks.Threat{Norm: c.Attack.Norm, Lo: 0, Hi: 1}); err != nil {
			return err
		}
		return s.Arena.Declare(offered(v, list)...)
	})
	if err != nil {
		return s, err
	}
	b.nets = append(b.nets, s.Net)
	return s, load(plan, s.Net)
}

// offered leaves out attacks for which the victim lacks what they follow; the
// engine names it when one of the wanted attacks is among them.
func offered(v attacks.Victim, list []attacks.Attack) []attacks.Attack {
	var out []attacks.Attack
	for _, k := range list {
		ok := true
		for _, l := range k.Needs(v) {
			ok = ok && v.Offers(l)
		}
		if ok {
			out = append(out, k)
		}
	}
	return out
}

// source opens another run, from which attacks transfer.
func (b *Battery) source(x *Experiment, dir string) (attacks.Stage, error) {
	c, err := ReadFolder(dir)
	if err != nil {
		return attacks.Stage{}, err
	}
	model, err := c.Model.Build(x.Plan.Model.Classes)
	if err != nil {
		return attacks.Stage{}, err
	}
	other := *x
	other.Config.Train, other.Config.Model = c.Train, c.Model
	plan := *x.Plan
	plan.Model = model
	other.Plan = &plan
	list, err := attacks.Parse("fgsm")
	if err != nil {
		return attacks.Stage{}, err
	}
	return b.stage(&other, "none", loader(dir, trainer.Last), []attacks.Attack{list})
}

// Defended puts a broken defence around v.
func Defended(v attacks.Victim, name string) (attacks.Victim, error) {
	switch name {
	case "", "none":
		return v, nil
	case "quantise":
		return checks.Quantised(v, 8), nil
	case "scale":
		return checks.Saturated(v, 1000), nil
	case "noise":
		return checks.Noisy(v, .1), nil
	}
	return v, fmt.Errorf("attack.defence: want one of %s, got %q", strings.Join(config.Defences, ", "), name)
}

// Victim shows a trained model to the attacks: its logits, its training loss
// (eq. 5 on the attacked image) and its codes.
func Victim(p *trainer.Plan) attacks.Victim {
	v := attacks.Victim{
		H: p.Shape.H, W: p.Shape.W, C: p.Shape.C, Classes: p.Model.Classes,
		Logits: func(s *graphs.Scope, images tf.Output) tf.Output {
			return p.Model.Classify(s, images).Logits
		},
		TrainingLoss: func(s *graphs.Scope, images, labels tf.Output) (loss, logits tf.Output) {
			f := p.Model.Apply(s, images)
			return p.Config.Objective.PerImage(s.In("objective"), f, labels).Total, f.Logits
		},
		CodeNames: []attacks.Loss{attacks.Embedding},
		Codes: func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[attacks.Loss]tf.Output) {
			f := p.Model.Classify(s, images)
			codes = map[attacks.Loss]tf.Output{attacks.Embedding: f.Embedding}
			if p.Model.Warp {
				codes[attacks.Appearance], codes[attacks.Geometry] = f.Appearance, f.Geometry
			}
			return f.Logits, codes
		},
		Pass: []graphs.PassOption{graphs.Averaged()},
	}
	if p.Model.Warp {
		v.CodeNames = append(v.CodeNames, attacks.Appearance, attacks.Geometry)
	}
	return v
}

// Attacked reads the images to attack: the first of the test part.
func (x *Experiment) Attacked(ctx context.Context) (attacks.Set, error) {
	return x.Images(ctx, x.Data.Test, x.Config.Attack.Images)
}

// Identity is a text that names the model, the data and the attacks: an
// evaluation that is resumed must have the same.
func (b *Battery) Identity(set attacks.Set) string {
	sum := sha256.New()
	t := b.Judge.Arena.Threat
	fmt.Fprintln(sum, t.Norm, t.Lo, t.Hi, b.Options.Eps, b.Options.Exhaustive, b.Guide.Net.Precision, b.Options.Keep)
	for _, k := range b.Options.Attacks {
		fmt.Fprintln(sum, attacks.Text(k), attacks.Params(k))
	}
	for name := range b.Options.Sources {
		fmt.Fprintln(sum, name)
	}
	return fmt.Sprintf("model %.12s, data %.12s, attacks %.12s", b.Weights, DataHash(set), hex.EncodeToString(sum.Sum(nil)))
}

// DataHash is a hash of all images and labels.
func DataHash(set attacks.Set) string {
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

// WeightsHash is a hash of the weights of the run or export in dir; pointer is
// last or best.
func WeightsHash(dir, pointer string) (string, error) {
	name := filepath.Join(dir, "variables", "variables.data-00000-of-00001")
	if !IsExport(dir) {
		step, err := trainer.Checkpoints{Dir: filepath.Join(dir, trainer.CheckpointsDir)}.Path(pointer)
		if err != nil {
			return "", err
		}
		name = filepath.Join(step, "variables.data-00000-of-00001")
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
