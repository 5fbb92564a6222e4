package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/journal"
)

// Part is the journal of one shard of an evaluation.
type Part struct {
	Shard   attacks.Shard
	Journal *Journal
}

// UnfinishedError says that a shard lacks attempts.
type UnfinishedError struct {
	Path     string // of its journal
	Shard    attacks.Shard
	Done, Of int // attempts
}

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("%s: shard %s is unfinished: it has %d of %d attempts", e.Path, e.Shard, e.Done, e.Of)
}

// Merge is the evaluation of images whose attempts were made in parts, equal to
// the last bit to that of [Engine.Run] without shards, times aside. Stored
// examples are verified again; attempts of those that do not hold are made anew.
// Parts must be all shards of one division, and finished: errors, of all parts
// that are not, are joined.
func (e *Engine) Merge(ctx context.Context, images attacks.Images, parts []Part) (*attacks.Evaluation, error) {
	if err := images.Check(e.sessions[referenceSession].Graph.Victim); err != nil {
		return nil, err
	}
	if err := checkDivision(parts); err != nil {
		return nil, err
	}
	whole := *e
	whole.o.Shard, whole.o.Passes, whole.o.Time = attacks.Shard{}, 0, 0
	r := whole.newScheduler(images, &Journal{known: map[[2]int]journalEntry{}, merged: true}, nil)
	if err := r.classifyClean(ctx); err != nil {
		return nil, err
	}
	var failed []error
	for _, p := range parts {
		if err := r.takePart(p); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return nil, errors.Join(failed...)
	}
	if err := r.confirmJournal(ctx); err != nil {
		return nil, err
	}
	defer r.closePrepared()
	err := r.run(ctx)
	return r.ev, err
}

// checkDivision refuses parts that are not each shard of one division once.
func checkDivision(parts []Part) error {
	seen := map[int]bool{}
	for _, p := range parts {
		if p.Shard.IsWhole() || p.Shard.N != len(parts) || seen[p.Shard.K] {
			return fmt.Errorf("attacks: want each of %d shards once, got shard %s", len(parts), p.Shard)
		}
		seen[p.Shard.K] = true
	}
	if len(parts) == 0 {
		return errors.New("attacks: want at least one shard, got none")
	}
	return nil
}

// takePart adds the results of a shard to those that are known.
func (r *scheduler) takePart(p Part) error {
	shard := *r
	e := *r.Engine
	e.o.Shard = p.Shard
	shard.Engine, shard.own = &e, p.Shard.Images(r.images.Labels)
	for _, at := range p.Journal.sorted() {
		entry := p.Journal.known[at]
		if err := shard.checkEntry(at, entry.result); err != nil {
			return fmt.Errorf("attacks: journal %s: line %d: %w: %s", p.Journal.Path(), entry.line, err, journal.BeginAgain)
		}
		r.journal.known[at] = entry
	}
	done, of := len(p.Journal.known), 0
	for _, i := range shard.own {
		for a := range r.o.Attacks {
			if r.ev.Correct(i) && !r.ev.IsSpared(a, i) {
				of++
			}
		}
	}
	if done < of {
		return &UnfinishedError{p.Journal.Path(), p.Shard, done, of}
	}
	return nil
}

// sorted are the attempts that the journal knows, in the order of its lines.
func (j *Journal) sorted() [][2]int {
	all := make([][2]int, 0, len(j.known))
	for at := range j.known {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b [2]int) int { return j.known[a].line - j.known[b].line })
	return all
}
