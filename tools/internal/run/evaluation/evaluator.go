// Package evaluation attacks trained models, checks the evaluation and records
// it. It may import attacks, graphs and of the tools experiment, report,
// progress and doctor. It does not know how a model was trained.
package evaluation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
	"unwarp/attacks/defences"
	"unwarp/attacks/engine"
	"unwarp/graphs"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/quiet"
)

// Evaluator is a trained model with the attacks of its configuration around it.
// It has nets of its own, whatever the model's source is.
type Evaluator struct {
	Engine  *engine.Engine
	Options engine.Options
	// ReferenceModel computes in float32 whether an attack succeeded,
	// GradientModel the gradients, in the precision of the configuration.
	ReferenceModel, GradientModel engine.Session
	Skipped                       []string // attacks of an ensemble that are not defined for this model
	Weights                       string   // hash of the model's weights

	threat   attacks.Threat
	subject  *experiment.Subject
	prover   certify.Prover // of attack.certify; nil without
	exchange *exchanged     // nil for none
	shard    attacks.Shard
	baseline *report.Record // of the undefended model; nil without one
	model    ModelIdentity
	sources  []SourceIdentity
	nets     []*graphs.Net
}

// traced is on how many images the loss of each iterate is recorded.
const traced = 64

// New restores the weights of the subject into nets that hold the attacks of
// its configuration. The examples found on the first keep images are kept.
func New(ctx context.Context, s *experiment.Subject, keep int) (*Evaluator, error) {
	return NewShard(ctx, s, keep, attacks.Shard{})
}

// NewShard is [New] for a shard of the images.
func NewShard(ctx context.Context, s *experiment.Subject, keep int, shard attacks.Shard) (*Evaluator, error) {
	e := &Evaluator{subject: s, shard: shard}
	if err := e.open(ctx, keep); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// Close releases the sessions.
func (e *Evaluator) Close() {
	for _, n := range e.nets {
		n.Close()
	}
}

func (e *Evaluator) open(ctx context.Context, keep int) (err error) {
	if e.threat, err = e.subject.Config.Attack.ParseThreat(); err != nil {
		return experiment.NewConfigError(err)
	}
	if err := e.loadBaseline(); err != nil {
		return err
	}
	if err := e.openProver(); err != nil {
		return err
	}
	if err := e.openReferenceModel(); err != nil {
		return err
	}
	e.Options.Keep, e.Options.LossCurves, e.Options.Shard = keep, traced, e.shard
	if err := e.openGradientModel(); err != nil {
		return err
	}
	if err := e.openSources(ctx); err != nil {
		return err
	}
	if e.model, err = identifyModel(e.subject.Source, e.subject.Config, e.ReferenceModel.Net.Precision); err != nil {
		return err
	}
	e.Weights = e.model.Weights
	if e.Engine, err = engine.NewEngine(e.ReferenceModel, e.GradientModel, e.Options); err != nil {
		return experiment.NewConfigError(err)
	}
	return nil
}

// openReferenceModel declares the model, behind the configured defence, with the
// configured attacks and those of the checks.
func (e *Evaluator) openReferenceModel() (err error) {
	c := e.subject.Config.Attack
	e.ReferenceModel, err = e.openSession(e.subject.Model, c.Defence, func(v attacks.Victim) ([]attacks.Attack, error) {
		if e.Options, e.Skipped, err = c.Options(v); err != nil {
			return nil, experiment.NewConfigError(err)
		}
		e.Options.Batch = e.batch()
		list := e.Options.Attacks
		if len(list) == 0 {
			return nil, experiment.NewConfigError(fmt.Errorf("attack.attacks: want at least one of %s, or %s, got none",
				strings.Join(attacks.Names(), ", "), strings.Join(attacks.Ensembles, ", ")))
		}
		if c.Checks > 0 {
			list = append(checks.Attacks(), list...)
		}
		return list, nil
	})
	return err
}

// openGradientModel copies the net of the reference model where gradients have another precision.
func (e *Evaluator) openGradientModel() (err error) {
	c := e.subject.Config
	e.GradientModel = e.ReferenceModel
	if c.Attack.Precision == graphs.Float32 {
		return nil
	}
	e.GradientModel.Net, err = e.ReferenceModel.Net.Copy(graphs.Options{Device: c.Device, Threads: c.Threads, Precision: c.Attack.Precision, First: quiet.During})
	if err != nil {
		return err
	}
	e.nets = append(e.nets, e.GradientModel.Net)
	return nil
}

// openSources opens the models from which attacks transfer.
func (e *Evaluator) openSources(ctx context.Context) error {
	e.Options.Sources = map[string]engine.Session{}
	for _, path := range e.subject.Config.Attack.Sources {
		name := filepath.Base(filepath.Clean(path))
		if _, twice := e.Options.Sources[name]; twice {
			return experiment.NewConfigError(fmt.Errorf("attack.sources: %s: want sources of different names, got two called %s: attacks could not tell them apart: rename a folder", path, name))
		}
		session, id, err := e.openSource(ctx, path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return experiment.NewConfigError(fmt.Errorf("attack.sources: %s: %w", path, err))
		}
		e.Options.Sources[name] = session
		e.sources = append(e.sources, SourceIdentity{name, id})
	}
	return nil
}

// openSource declares the model at path for the images of the subject.
func (e *Evaluator) openSource(ctx context.Context, path string) (s engine.Session, id ModelIdentity, err error) {
	src, err := experiment.OpenSource(path, "")
	if err != nil {
		return s, id, err
	}
	c, err := experiment.Adapt(ctx, src, src.Config(), e.subject.Data)
	if err != nil {
		return s, id, err
	}
	model, err := src.Model(c, e.subject.Model.Shape(), e.subject.Model.Classes())
	if err != nil {
		return s, id, err
	}
	s, err = e.openSession(model, "none", func(attacks.Victim) ([]attacks.Attack, error) {
		fgsm, err := attacks.Parse("fgsm")
		return []attacks.Attack{fgsm}, err
	})
	if err != nil {
		return s, id, err
	}
	id, err = identifyModel(src, c, s.Net.Precision)
	return s, id, err
}

// batch is the number of requests computed at once: attack.batch, but not many
// more than there are images, which would be padding.
func (e *Evaluator) batch() int {
	const least = 128 // an attack may ask for several points of one image
	c, n := e.subject.Config.Attack, e.subject.Config.Attack.Images
	if test := e.subject.Data.Test; test != nil && (n == 0 || n > test.Len()) {
		n = test.Len()
	}
	if n == 0 {
		return c.Batch
	}
	return min(c.Batch, max(n, least))
}

// openSession builds a net of the model, behind a defence, with the passes of the
// attacks that choose names, and restores the weights.
func (e *Evaluator) openSession(m experiment.Model, defence string, choose func(v attacks.Victim) ([]attacks.Attack, error)) (engine.Session, error) {
	var s engine.Session
	var declared experiment.Declared
	var err error
	c := e.subject.Config
	s.Net, err = graphs.Build(graphs.Options{Seed: c.Seed, Device: c.Device, Threads: c.Threads, Rows: e.batch(), RowsKey: "attack.batch", First: quiet.During}, func(b *graphs.Builder) error {
		if declared, err = m.Declare(b); err != nil {
			return err
		}
		v, err := defended(declared.Victim, defence)
		if err != nil {
			return experiment.NewConfigError(err)
		}
		if s.Graph, err = engine.NewAttackGraph(b, v, e.threat); err != nil {
			return err
		}
		list, err := choose(s.Graph.Victim)
		if err != nil {
			return err
		}
		if err := e.exchange.declare(b, v); err != nil {
			return err
		}
		return s.Graph.Declare(offered(s.Graph.Victim, list)...)
	})
	var large *graphs.MemoryError
	if errors.As(err, &large) {
		return s, experiment.NewConfigError(err)
	}
	if err != nil {
		return s, err
	}
	e.nets = append(e.nets, s.Net)
	return s, declared.Restore(s.Net)
}

// offered leaves out attacks for which the victim lacks what they follow, and those that
// follow another model where its own gradient may not exist. The engine refuses one that
// was asked for by name and lacks something.
func offered(v attacks.Victim, list []attacks.Attack) []attacks.Attack {
	return slices.DeleteFunc(slices.Clone(list), func(k attacks.Attack) bool {
		_, transfers := k.(attacks.Transferrer)
		return !v.OffersAll(k) || transfers && v.GradientFault != ""
	})
}

// defended puts a defence that is known to fail around v.
func defended(v attacks.Victim, text string) (attacks.Victim, error) {
	d, err := defences.Parse(text)
	if err != nil {
		return v, fmt.Errorf("attack.defence: %w", err)
	}
	return d.Wrap(v), nil
}
