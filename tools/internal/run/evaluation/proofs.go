package evaluation

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/tools/internal/shell"
)

// proofs are the proofs of one evaluation while it runs.
type proofs struct {
	e       *Evaluator
	set     attacks.Images
	journal *certify.Journal
	log     io.Writer
	origin  certify.Origin
	known   *certify.Certificate // of the same model and images; nil for none
	o       Options
	began   time.Time
}

// newProofs opens the journal of proofs in folder and finds what present, the
// evaluation that lies there, knows already; nil where the configuration asks for
// no proofs.
func (e *Evaluator) newProofs(set attacks.Images, o Options, present *report.Record) (*proofs, error) {
	if e.prover == nil {
		if o.Restart {
			os.Remove(proofJournalPath(o.Folder)) // of an evaluation with proofs
		}
		return nil, nil
	}
	return e.openProofJournal(set, o, present, func(identity any) (*certify.Journal, error) {
		return OpenProofJournal(o.Folder, identity, o.Resume, o.Restart)
	})
}

// openProofJournal is newProofs with a journal that open opens.
func (e *Evaluator) openProofJournal(set attacks.Images, o Options, present *report.Record, open func(identity any) (*certify.Journal, error)) (*proofs, error) {
	model, err := e.FunctionHash()
	if err != nil {
		return nil, err
	}
	p := &proofs{e: e, set: set, log: o.Log, o: o, began: time.Now(), origin: e.newOrigin(model, set)}
	if err := p.findKnown(present); err != nil {
		return nil, err
	}
	if p.journal, err = open(e.proofIdentity(set, o)); err != nil {
		return nil, err
	}
	if p.known != nil && p.journal.Len() == 0 {
		fmt.Fprintln(o.Log, "earlier proofs of the same model and images are taken over")
	}
	return p, nil
}

// newOrigin says of which model and images proofs are, and who makes them.
func (e *Evaluator) newOrigin(model string, set attacks.Images) certify.Origin {
	return certify.Origin{
		Model: model, Data: HashData(set), Version: doctor.ReadBuild("").Unwarp, Command: shell.Unwarp(os.Args[1:]...), Date: time.Now().UTC().Truncate(time.Second),
	}
}

// findKnown gathers what earlier certificates know: that of present, and those of
// the folders that the options name.
func (p *proofs) findKnown(present *report.Record) error {
	var all []*certify.Certificate
	if present != nil {
		if c := p.find(present.Certificates); c != nil {
			all = append(all, c)
		}
	}
	for _, folder := range p.o.From {
		r, _, err := report.Load(folder)
		if err != nil {
			return experiment.NewConfigError(fmt.Errorf("--from: %w", err))
		}
		c := p.find(r.Certificates)
		if c == nil {
			return experiment.NewConfigError(fmt.Errorf("--from %s: want proofs in %s of the same model and %d images, got %d certificates of others: certify with the same flags", folder, p.e.threat, p.set.Len(), len(r.Certificates)))
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil
	}
	var err error
	p.known, err = certify.Merge(all...)
	return err
}

// find is the certificate of the same model, images and threat, nil for none.
func (p *proofs) find(all []certify.Certificate) *certify.Certificate {
	for i := range all {
		if c := &all[i]; c.Threat == p.e.threat.String() && c.Proves == p.proves() && c.Model == p.origin.Model && c.Data == p.origin.Data && len(c.Images) == p.set.Len() {
			return c
		}
	}
	return nil
}

// proves names the model of which the proofs are, "" for the model itself.
func (p *proofs) proves() string {
	if m, ok := p.e.prover.(certify.OtherModel); ok {
		return m.ProvenModel()
	}
	return ""
}

// run looks for proofs, of a slow method only the fast part. ev holds examples; it
// may be nil.
func (p *proofs) run(ctx context.Context, ev *attacks.Evaluation, fast bool) (*certify.Certificate, error) {
	sizes, err := p.e.subject.Config.Attack.ProofSizes()
	if err != nil {
		return nil, err
	}
	o := certify.Options{
		Threat: p.e.threat.String(), Unit: p.e.sizeUnit(), Sizes: sizes, Lattice: p.e.threat.Lattice, Radius: p.o.Radius, Shard: p.o.Shard, Fast: fast, Known: p.known, Examples: p.examples(ev),
		Logits: p.e.NewRunner().Logits,
	}
	if t := p.e.threat; t.IsGeometric() {
		o.Largest, o.Whole = float32(t.Geometry.Size()), t.Geometry.Whole
	}
	if o.Time = p.left(); o.Time < 0 {
		o.Time = time.Nanosecond
	}
	bar := proofBar{log: p.log}
	c, err := certify.Run(ctx, p.e.prover, p.set, o, p.journal, bar.show)
	bar.end()
	if err != nil {
		return nil, err
	}
	if c.Stopped != "" {
		c.Stopped = fmt.Sprintf("the budget of %s min is used up", formatMinutes(p.e.subject.Config.Attack.Minutes))
		fmt.Fprintln(p.log, c.Stopped+": the same command with --resume goes on")
	}
	c.Origin = p.origin
	p.known = c
	return c, nil
}

// proofBar shows proofs, and then the images of which radii are searched.
type proofBar struct {
	log io.Writer
	bar *progress.Bar
	of  int
}

func (b *proofBar) show(q certify.Progress) {
	if b.bar == nil || b.of != q.Of {
		b.end()
		title, unit := "proving", "proofs"
		if q.Searching {
			title, unit = "searching radii", "images"
		}
		b.bar, b.of = progress.New(b.log, title, unit, int64(q.Of), int64(q.Done)), q.Of
	}
	b.bar.Set(int64(q.Done), fmt.Sprintf("%s, proven %d/%d", q.Doing, q.Proven, q.Correct))
}

func (b *proofBar) end() {
	if b.bar != nil {
		b.bar.Done()
	}
}

// formatMinutes writes a number of minutes as it was given.
func formatMinutes(m float64) string { return strconv.FormatFloat(m, 'g', -1, 64) }

// left is what is left of attack.minutes, 0 for no limit, negative for nothing.
func (p *proofs) left() time.Duration {
	all := time.Duration(p.e.subject.Config.Attack.Minutes * float64(time.Minute))
	if all == 0 {
		return 0
	}
	if rest := all - time.Since(p.began); rest > 0 {
		return rest
	}
	return -1
}

// examples are the smallest distances at which ev has examples; nil without.
func (p *proofs) examples(ev *attacks.Evaluation) []attacks.Distance {
	if ev == nil || certify.ThreatOf(ev) != p.e.threat.String() || p.proves() != "" {
		return nil
	}
	all := make([]attacks.Distance, ev.Images)
	for i := range all {
		all[i] = ev.SmallestDistance(i)
	}
	return all
}

// beforeAttacks proves what can be proven fast, so that attacks can leave it out.
func (p *proofs) beforeAttacks(ctx context.Context) error {
	if p == nil {
		return nil
	}
	c, err := p.run(ctx, nil, true)
	if err != nil {
		return err
	}
	p.e.Engine.SkipProven(c.Proven())
	p.e.Engine.CountTime(time.Since(p.began))
	return nil
}

// afterAttacks goes on with a slow method on the images that attacks have not
// broken.
func (p *proofs) afterAttacks(ctx context.Context, ev *attacks.Evaluation) error {
	if p == nil {
		return nil
	}
	if s, ok := p.e.prover.(certify.Staged); !ok || !s.Slow() {
		return nil
	}
	c, err := p.run(ctx, ev, false)
	if err == nil {
		ev.Proven = c.Proven()
	}
	return err
}

// end removes the journal where nothing is left to do.
func (p *proofs) end() {
	if p != nil && p.known != nil && p.known.Stopped == "" {
		os.Remove(p.journal.Path())
	}
}

func (p *proofs) close() {
	if p != nil {
		p.journal.Close()
	}
}
