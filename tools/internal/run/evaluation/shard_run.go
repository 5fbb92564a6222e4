package evaluation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/attacks/journal"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

// RunShard attacks the shard of set that e is for and leaves its journal in the
// shard's own folder, see [ShardFolder], for [Evaluator.Merge]. It makes no
// checks. With o.Resume it goes on with what is there, or begins: a job that is
// started again needs no other command.
func (e *Evaluator) RunShard(ctx context.Context, set attacks.Images, o Options) (Shard, *attacks.Evaluation, error) {
	if err := e.checkBaseline(set); err != nil {
		return Shard{}, nil, err
	}
	folder := ShardFolder(o.Folder, e.shard)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return Shard{}, nil, fmt.Errorf("evaluation: %w", files.NotWritten(folder, err))
	}
	lock, err := files.LockFolder(folder)
	if err != nil {
		return Shard{}, nil, fmt.Errorf("shard in %w", err)
	}
	defer lock.Close()
	if remark := lock.Remark(); remark != "" {
		fmt.Fprintln(o.Log, remark)
	}
	s, journal, err := e.openShard(folder, set, o)
	if err != nil {
		return s, nil, err
	}
	defer journal.Close()
	proofs, err := e.newShardProofs(set, folder, o)
	if err != nil {
		return s, nil, err
	}
	defer proofs.close()
	e.announce(journal, o)
	began := time.Now()
	ev, err := e.runShard(ctx, set, &s, journal, proofs, o)
	if gone := lock.Check(); gone != nil {
		return s, ev, fmt.Errorf("shard: %w", gone)
	}
	s.Seconds += time.Since(began).Seconds()
	if err != nil {
		return s, ev, errors.Join(kept(err, attacksKept), s.save())
	}
	reportRefuted(ev, o.Log)
	return s, ev, s.save()
}

// runShard proves, attacks and counts the images of a shard.
func (e *Evaluator) runShard(ctx context.Context, set attacks.Images, s *Shard, journal *engine.Journal, proofs *proofs, o Options) (*attacks.Evaluation, error) {
	if err := proofs.beforeAttacks(ctx); err != nil {
		return nil, err
	}
	p := shardProofs{Before: proofs.copyKnown()}
	ev, err := e.Attack(ctx, set, journal, o.Log)
	if err != nil {
		return ev, err
	}
	s.count(ev, set)
	if proofs == nil {
		return ev, nil
	}
	if err := proofs.afterAttacks(ctx, ev); err != nil {
		return ev, err
	}
	if p.After = proofs.copyKnown(); !proofs.finished() {
		s.Finished, s.Stopped = false, proofs.known.Stopped
	}
	return ev, saveShardProofs(s.Folder, p)
}

// openShard opens or begins the journal of a shard, and says in its folder what
// it is of.
func (e *Evaluator) openShard(folder string, set attacks.Images, o Options) (Shard, *engine.Journal, error) {
	s := Shard{
		Format: shardFormat, Which: e.shard.String(), Checkpoint: e.subject.Source.Checkpoint(), OtherData: e.subject.OtherData, AllowTrained: e.subject.AllowTrained,
		Keep: e.Options.Keep, Images: len(e.shard.Images(set.Labels)), Machine: machine(), Command: shell.Unwarp(os.Args[1:]...),
		Date: time.Now().UTC().Truncate(time.Second), Folder: folder,
	}
	var err error
	if s.Model, err = filepath.Abs(e.subject.Source.Path()); err != nil {
		return s, nil, err
	}
	was, err := ReadShard(folder)
	_, noJournal := os.Stat(filepath.Join(folder, journalFile))
	switch {
	case o.Restart:
		if err := os.Remove(filepath.Join(folder, journalFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, nil, files.NotWritten(folder, err)
		}
	case noJournal != nil: // killed before it had begun
	case !o.Resume && err == nil && was.Finished:
		return s, nil, experiment.NewConfigError(fmt.Errorf("%s holds shard %s, which is finished: merge the shards, or make it anew with --restart", files.ShortPath(folder), was.Which))
	case !o.Resume:
		return s, nil, experiment.NewConfigError(fmt.Errorf("%s holds shard %s, interrupted: continue it with --resume, or discard it with --restart", files.ShortPath(folder), e.shard))
	default:
		s.Seconds = was.Seconds
	}
	j, err := engine.OpenJournal(filepath.Join(folder, journalFile), e.Identity(set))
	if errors.Is(err, journal.ErrOther) || errors.Is(err, journal.ErrOld) {
		return s, nil, experiment.NewConfigError(err)
	}
	if err == nil {
		err = errors.Join(s.writeConfig(e.subject.Config), s.save())
	}
	if err != nil {
		j.Close()
		return s, nil, err
	}
	return s, j, nil
}

// count takes in how far the shard is.
func (s *Shard) count(ev *attacks.Evaluation, set attacks.Images) {
	s.Correct, s.Attempts, s.Of, s.Stopped = 0, 0, 0, ev.Stopped
	for _, i := range s.Part().Images(set.Labels) {
		if !ev.Correct(i) {
			continue
		}
		s.Correct++
		for a := range ev.Attacks {
			if ev.IsSpared(a, i) {
				continue
			}
			s.Of++
			if ev.Attacks[a].Results[i].Done {
				s.Attempts++
			}
		}
	}
	s.Finished = s.Attempts == s.Of
}

// EvaluationFolder is the folder whose evaluation a shard's folder is a part of.
func (s Shard) EvaluationFolder() string {
	dir := filepath.Dir(filepath.Clean(s.Folder))
	if filepath.Base(dir) == report.AttackDir {
		return filepath.Dir(dir)
	}
	return dir
}
