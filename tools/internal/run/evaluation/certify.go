package evaluation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
)

// proofsKept says what an interruption of proofs leaves behind.
const proofsKept = experiment.InterruptedError("interrupted; the proofs so far are kept")

// Certify looks for proofs of the images of set and adds them to the evaluation in
// o.Folder, if there is one of the same model and images, whose examples count;
// one of others is kept elsewhere. Interrupted, it returns an
// [experiment.InterruptedError] and keeps what is done for [Options.Resume].
func (e *Evaluator) Certify(ctx context.Context, set attacks.Images, o Options) (report.Record, error) {
	lock, err := LockFolder(o.Folder, o.Log)
	if err != nil {
		return report.Record{}, err
	}
	defer lock.Close()
	if _, err := os.Stat(proofJournalPath(o.Folder)); err != nil && o.Resume {
		return report.Record{}, experiment.NewConfigError(fmt.Errorf("--resume: there are no interrupted proofs in %s: leave --resume out", filepath.Dir(proofJournalPath(o.Folder))))
	}
	present := e.present(o.Folder, set)
	p, err := e.newProofs(set, o, present)
	if err != nil {
		return report.Record{}, err
	}
	defer p.close()
	if o.Title != "" {
		fmt.Fprintln(o.Log, o.Title)
	}
	p.remark()
	r, images, err := e.baseRecord(ctx, set, present, o.Folder)
	if err != nil {
		return r, kept(err, proofsKept)
	}
	if _, err = p.run(ctx, &r.Evaluation, false); err != nil {
		return r, kept(err, proofsKept)
	}
	if r.Asked, err = e.asked(); err != nil {
		return r, err
	}
	if r.Certificates, err = e.certificates(set, present, p); err != nil {
		return r, err
	}
	if c := p.known; c.Uses(&r.Evaluation) {
		r.Evaluation.Proven = c.Proven()
	}
	if err := addProofCheck(ctx, &r); err != nil {
		return r, kept(err, proofsKept)
	}
	if err := e.judgeRequirements(&r); err != nil {
		return r, err
	}
	if err := Save(o.Folder, lock, r, images, o.Log); err != nil {
		return r, err
	}
	p.end()
	if err := contradiction(r.Checks); err != nil {
		return r, err
	}
	return r, e.exchange.write(e, set, p.known, &r.Evaluation, o.Shard, o.Log)
}

// remark says what is continued, and what of a journal was lost.
func (p *proofs) remark() {
	if n := p.journal.Len(); n > 0 {
		fmt.Fprintf(p.log, "continuing after %s\n", printable.Count(n, "proof"))
	}
	if p.journal.Dropped() > 0 {
		fmt.Fprintf(p.log, "the last line of %s was cut off and is dropped: this attempt is made again\n", p.journal.Path())
	}
}

// present is the evaluation in folder if it is of this model and these images, nil
// otherwise.
func (e *Evaluator) present(folder string, set attacks.Images) *report.Record {
	r, _, err := report.Load(folder)
	if err != nil || r.ModelHash != e.Weights || !e.describes(r) || r.DataHash != HashData(set) || !slices.Equal(r.Evaluation.Index, set.Index) {
		return nil
	}
	return &r
}

// certificates are those of present that are of the same function and images, with
// the one that p has made in its place.
func (e *Evaluator) certificates(set attacks.Images, present *report.Record, p *proofs) ([]certify.Certificate, error) {
	model, err := e.FunctionHash()
	if err != nil {
		return nil, err
	}
	var all []certify.Certificate
	if present != nil {
		for _, c := range present.Certificates {
			if c.Model == model && c.Data == HashData(set) && (p == nil || c.Threat != p.known.Threat || c.Proves != p.known.Proves) {
				all = append(all, c)
			}
		}
	}
	if p != nil {
		all = append(all, *p.known)
	}
	return all, nil
}

// baseRecord is present with its pictures, or without it a record of an evaluation
// without attacks.
func (e *Evaluator) baseRecord(ctx context.Context, set attacks.Images, present *report.Record, folder string) (report.Record, report.Images, error) {
	if present != nil {
		_, images, err := report.Load(folder)
		if len(present.Evaluation.Attacks) == 0 {
			present.Evaluation.Norm, present.Evaluation.Threat = e.threat.Norm, e.threat.Geometry
		}
		return *present, images, err
	}
	ev, err := e.classify(set)
	if err != nil {
		return report.Record{}, report.Images{}, err
	}
	r, err := e.Record(ctx, set, ev)
	return r, report.KeepImages(set, ev, e.subject.Model.Shape()), err
}

// classify is an evaluation without attacks.
func (e *Evaluator) classify(set attacks.Images) (*attacks.Evaluation, error) {
	v := e.ReferenceModel.Graph.Victim
	if err := set.Check(v); err != nil {
		return nil, err
	}
	ev := &attacks.Evaluation{Norm: e.threat.Norm, Threat: e.threat.Geometry, Lattice: e.threat.Lattice, Radii: []float32{}, Images: set.Len(), Pixels: v.Size(), Labels: set.Labels, Index: set.Index, Attacks: []attacks.AttackResult{}}
	var rows [][]float32
	for x := range slices.Chunk(set.Pixels, v.Size()) {
		rows = append(rows, x)
	}
	logits, err := e.NewRunner().Logits(rows...)
	if err != nil {
		return nil, err
	}
	for i, z := range logits {
		class, tied := attacks.Predict(z, int(set.Labels[i]))
		ev.Clean = append(ev.Clean, int32(class))
		if tied {
			ev.CleanTies++
		}
		if ev.Correct(i) {
			ev.CleanCorrect++
		}
	}
	return ev, nil
}

// proofCheck is the check of proofs against examples.
const proofCheck = "C36"

// checkProofs asks whether proofs and examples contradict each other; without
// proofs it asks nothing.
func checkProofs(ctx context.Context, r *report.Record) ([]checks.Result, error) {
	if len(r.Certificates) == 0 {
		return nil, nil
	}
	return checks.Run(ctx, checks.Input{Evaluation: &r.Evaluation, Certificates: r.Certificates, Only: []string{proofCheck}}, nil)
}

// addProofCheck puts the check of proofs in the place of an earlier one.
func addProofCheck(ctx context.Context, r *report.Record) error {
	fresh, err := checkProofs(ctx, r)
	if err != nil {
		return err
	}
	r.Checks = slices.DeleteFunc(slices.Clone(r.Checks), func(c checks.Result) bool { return c.ID == proofCheck })
	r.Checks = append(r.Checks, fresh...)
	slices.SortStableFunc(r.Checks, func(a, b checks.Result) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return nil
}

// contradiction is an error where an image is proven and broken at once.
func contradiction(all []checks.Result) error {
	for _, c := range all {
		if c.ID == proofCheck && c.Status == checks.Fail {
			return fmt.Errorf("check %s: image %d is proven and broken at once (%d such images): no figure holds: a bound or an example is wrong: please report it with the model and this image", c.ID, c.Images[0], len(c.Images))
		}
	}
	return nil
}
