package evaluation

import (
	"errors"
	"fmt"

	"unwarp/attacks/certify"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/quiet"
)

// openProver builds a net of the model with the method of proof of the
// configuration, if it names one, in float32. What the method cannot do with the
// model is found here, before anything is computed.
func (e *Evaluator) openProver() error {
	c := e.subject.Config
	if c.Attack.Certify == "" {
		return nil
	}
	m, err := certify.Parse(c.Attack.ProofMethod())
	if err != nil {
		return experiment.NewConfigError(err)
	}
	var declared experiment.Declared
	var open func(*graphs.Net) certify.Prover
	o := graphs.Options{Seed: c.Seed, Device: c.Device, Threads: c.Threads, Precision: graphs.Float32, RowsKey: "attack.certify, key batch", First: quiet.During}
	if b, ok := m.(certify.Batcher); ok {
		o.Rows = b.Batch()
	}
	net, err := graphs.Build(o, func(b *graphs.Builder) error {
		if declared, err = e.subject.Model.Declare(b); err != nil {
			return err
		}
		v, err := defended(declared.Victim, c.Attack.Defence)
		if err != nil {
			return experiment.NewConfigError(err)
		}
		open, err = m.Declare(b, v, e.threat.String())
		return err
	})
	if err != nil {
		return refuseProver(err)
	}
	e.nets = append(e.nets, net)
	e.prover = open(net)
	return declared.Restore(net)
}

// refuseProver tells what another configuration would mend.
func refuseProver(err error) error {
	var unsupported *bounds.UnsupportedError
	var large *graphs.MemoryError
	if errors.As(err, &unsupported) {
		err = fmt.Errorf("certify: %w", err)
	}
	if unsupported != nil || errors.As(err, &large) {
		return experiment.NewConfigError(err)
	}
	return err
}

// NewCertifier restores the weights of the subject into nets that hold the method
// of proof of its configuration, and no attacks. What it leaves open is written
// where x says.
func NewCertifier(s *experiment.Subject, x Exchange) (*Evaluator, error) {
	e := &Evaluator{subject: s, exchange: &exchanged{Exchange: x}}
	if err := e.openProofs(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Evaluator) openProofs() (err error) {
	c := &e.subject.Config.Attack
	if e.threat, err = c.ParseThreat(); err != nil {
		return experiment.NewConfigError(err)
	}
	if err := e.exchange.check(e.threat); err != nil {
		return experiment.NewConfigError(err)
	}
	c.Certify = c.ProofMethod()
	if err := e.openProver(); err != nil {
		return err
	}
	return e.openWithoutAttacks()
}
