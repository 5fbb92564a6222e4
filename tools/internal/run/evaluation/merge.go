package evaluation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/engine"
	"unwarp/attacks/journal"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
)

// Merge puts the evaluations of shards, as [OpenShards] returns them, together
// and concludes as [Evaluator.Run] does: checks, record and pictures are those of
// an evaluation that was never divided. Times are the sums of the shards'.
func (e *Evaluator) Merge(ctx context.Context, set attacks.Images, shards []OpenedShard, o Options) (report.Record, error) {
	if err := e.checkBaseline(set); err != nil {
		return report.Record{}, err
	}
	if err := e.checkIdentity(set, shards); err != nil {
		return report.Record{}, err
	}
	lock, err := LockFolder(o.Folder, o.Log)
	if err != nil {
		return report.Record{}, err
	}
	defer lock.Close()
	if o.Title != "" {
		fmt.Fprintln(o.Log, o.Title)
	}
	e.ReportSkipped(o.Log)
	before, after, err := e.mergeProofs(set, shards)
	if err != nil {
		return report.Record{}, err
	}
	if before != nil {
		e.Engine.SkipProven(before.Proven())
	}
	ev, err := e.mergeAttacks(ctx, set, shards)
	if err != nil {
		return report.Record{}, kept(err, mergeInterrupted)
	}
	reportRefuted(ev, o.Log)
	var certificates []certify.Certificate
	if after != nil {
		ev.Proven = after.Proven()
		if certificates, err = e.certificates(set, e.present(o.Folder, set), &proofs{e: e, known: after}); err != nil {
			return report.Record{}, err
		}
	}
	r, err := e.conclude(ctx, set, ev, lock, o, func(r *report.Record) {
		describeShards(r, shards)
		r.Certificates = certificates
	})
	if err != nil {
		return r, err
	}
	return r, contradiction(r.Checks)
}

// mergeInterrupted is what is said of an interrupted merge.
const mergeInterrupted = experiment.InterruptedError("interrupted; the shards are as they were")

// mergeAttacks is the evaluation whose attempts the shards made.
func (e *Evaluator) mergeAttacks(ctx context.Context, set attacks.Images, shards []OpenedShard) (*attacks.Evaluation, error) {
	var parts []engine.Part
	var seconds float64
	for _, s := range shards {
		parts = append(parts, engine.Part{Shard: s.Part(), Journal: s.Journal})
		seconds += s.Seconds
	}
	ev, err := e.Engine.Merge(ctx, set, parts)
	var unfinished *engine.UnfinishedError
	if errors.As(err, &unfinished) {
		return nil, experiment.NewConfigError(err)
	} else if err != nil {
		return nil, err
	}
	ev.Seconds = seconds
	return ev, nil
}

// describeShards says in a record that the evaluation was divided, and where.
func describeShards(r *report.Record, shards []OpenedShard) {
	r.Shards = len(shards)
	var machines []string
	for _, s := range shards {
		if !slices.Contains(machines, s.Machine) {
			machines = append(machines, s.Machine)
		}
	}
	r.Machine = strings.Join(machines, "; ")
}

// checkIdentity refuses shards of another evaluation than that of set by e.
func (e *Evaluator) checkIdentity(set attacks.Images, shards []OpenedShard) error {
	for _, s := range shards {
		now, err := json.Marshal(e.identify(set, s.Part()))
		if err != nil {
			return err
		}
		differs, err := journal.Differences(s.Journal.Identity(), now, "the shards have %s, now %s")
		if err == nil && differs == "" {
			continue
		}
		if err != nil {
			differs = err.Error()
		}
		return experiment.NewConfigError(fmt.Errorf("shard %s: %w than of %s: %s: name the model and the data that were attacked", s.Which, errForeign, e.subject.Source.Path(), differs))
	}
	return nil
}

// errForeign says that a shard is not of the evaluation at hand.
var errForeign = errors.New("it is of another evaluation")
