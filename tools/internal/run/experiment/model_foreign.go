package experiment

import (
	"fmt"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/quiet"
)

// foreignModel is a network that another program wrote. It is attacked by its logits
// alone: how it was trained is not known.
type foreignModel struct {
	*trained
	config config.Config
	// probes are a few images on which its gradient is checked.
	probes  []float32
	checked *imported.GradientCheck
	// classAlone tells that its output is the number of a class.
	classAlone bool
}

// Declare writes the network; its victim knows what is wrong with the gradient.
func (m *foreignModel) Declare(b *graphs.Builder) (Declared, error) {
	check, err := m.checkGradient()
	if err != nil {
		return Declared{}, err
	}
	d, err := m.declareLogits(b)
	d.Victim.GradientFault, d.Victim.ClassAlone = check.Fault(), m.classAlone
	return d, err
}

// declareLogits writes the network.
func (m *foreignModel) declareLogits(b *graphs.Builder) (Declared, error) {
	d, err := m.trained.Declare(b)
	d.Victim = d.Victim.LogitsAlone()
	return d, err
}

// checkGradient compares the gradient with differences of the logits, once.
func (m *foreignModel) checkGradient() (imported.GradientCheck, error) {
	if m.classAlone {
		return imported.GradientCheck{Blocked: "the output is the number of a class"}, nil
	}
	if m.checked != nil || len(m.probes) == 0 {
		if m.checked == nil {
			return imported.GradientCheck{}, nil
		}
		return *m.checked, nil
	}
	o := graphs.Options{Seed: m.config.Seed, Device: m.config.Device, Threads: m.config.Threads, First: quiet.During}
	check, err := imported.CheckGradient(o, func(b *graphs.Builder) (imported.Function, error) {
		d, err := m.declareLogits(b)
		return imported.Function{Logits: d.Victim.Logits, Restore: d.Restore, Pass: d.Victim.Pass}, err
	}, dims(m.shape), m.probes)
	if err != nil {
		return check, fmt.Errorf("checking the gradient: %w", err)
	}
	m.checked = &check
	return check, nil
}

// GivesClassAlone tells that the model gives the number of a class and no scores.
func (s *Subject) GivesClassAlone() bool {
	m, ok := s.Model.(*foreignModel)
	return ok && m.classAlone
}

// Describe is the kind of the model, imported of one that another program wrote, and in
// words its encoder, or what its file is and how pixels enter it.
func (s *Subject) Describe() (kind, encoder string) {
	c := s.Config.Model
	src, ok := s.Source.(*foreignSource)
	if !ok || src.network == nil {
		return c.Kind, c.Encoder
	}
	encoder = fmt.Sprintf("%s, pixels %s", src.network.Signature().Format, c.Range)
	if len(c.Mean) > 0 {
		encoder = fmt.Sprintf("%s, pixels less %v, divided by %v", src.network.Signature().Format, c.Mean, c.Std)
	}
	return "imported", encoder
}

// GradientRemark says how the gradient of a network from elsewhere compares with
// differences of its logits, "" of other models. It checks that first.
func (s *Subject) GradientRemark() (string, error) {
	m, ok := s.Model.(*foreignModel)
	switch {
	case !ok || len(m.probes) == 0:
		return "", nil
	case m.classAlone:
		return "the output is the number of a class: attacks that need it alone can run (hopskipjump, boundary, random, and transfer with --source); what gradients or scores would find is not known, so the figures are upper bounds by weaker attacks", nil
	}
	check, err := m.checkGradient()
	if err != nil {
		return "", err
	}
	fault := check.Fault()
	switch {
	case fault == "" && len(check.Missing) > 0:
		return fmt.Sprintf("gradient: agrees with central differences along 3 directions (%.2g); operations without a gradient: %s", check.Deviation, check.MissingText()), nil
	case fault == "":
		return fmt.Sprintf("gradient: agrees with central differences along 3 directions (%.2g; up to %.2g is accepted)", check.Deviation, imported.MostDeviation), nil
	case check.Blocked != "":
		return fmt.Sprintf("%s; attacks that need none can run, such as --attack square --attack hopskipjump", fault), nil
	}
	return fmt.Sprintf("%s; attacks that follow it are left out: those with gradient=straight-through, and those that need none (square, hopskipjump, boundary, spsa, nes) can run", fault), nil
}
