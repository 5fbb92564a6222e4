package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"unwarp/attacks"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

// attackShard attacks one shard of the images of one threat; where it is
// interrupted the error says how to continue.
func attackShard(ctx context.Context, o attackOptions, shard attacks.Shard, jobs []threatJob, out, log io.Writer) error {
	if len(jobs) > 1 {
		return usage(fmt.Errorf("--shard: want one threat, got %d: attack the shards of each with commands of their own", len(jobs)))
	}
	s := jobs[0].subject
	if s.Config.Attack.MeasuresCorruptions() {
		return usage(errors.New("--shard: want a threat that is attacked, got corruptions, which are measured in one go"))
	}
	set, err := s.AttackedImages(ctx)
	if err != nil {
		return err
	}
	e := evaluation.Options{Folder: jobs[0].folder, Resume: o.resume, Restart: o.restart, Log: log}
	if e.Title, err = attackTitle(ctx, s, set); err != nil {
		return err
	}
	e.Title += fmt.Sprintf(": shard %s, %d of them", shard, len(shard.Images(set.Labels)))
	ev, err := evaluation.NewShard(ctx, s, keptExamples(o.save, set), shard)
	if err != nil {
		return err
	}
	defer ev.Close()
	state, result, err := ev.RunShard(ctx, set, e)
	again := shell.Unwarp("attack", shell.Operand(s.Source.Path()), "--shard", shard.String(), "--resume")
	var kept experiment.InterruptedError
	if errors.As(err, &kept) {
		return experiment.InterruptedError(fmt.Sprintf("%s: continue with %s and the same flags", kept, again))
	}
	if err != nil {
		return err
	}
	if o.save != "" {
		if err := saveExamples(o.save, set, result, s.Model.Shape()); err != nil {
			return err
		}
		fmt.Fprintf(e.Log, "adversarial images of the shard in %s\n", o.save)
	}
	if o.json {
		return writeJSON(out, state)
	}
	printShard(out, state, again)
	return nil
}

// printShard says how far a shard is, and what comes next.
func printShard(out io.Writer, s evaluation.Shard, again string) {
	fmt.Fprintf(out, "shard %s: %s, %d of them correct without attack; %d of %d attempts made, in %s\n", s.Which, printable.Count(s.Images, "image"), s.Correct, s.Attempts, s.Of, s.Folder)
	if !s.Finished {
		fmt.Fprintf(out, "%s. Continue with %s and the same flags.\n", s.Stopped, again)
		return
	}
	fmt.Fprintf(out, "%s joins the shards when all are finished.\n", shell.Unwarp("attack", "merge", shell.Operand(s.EvaluationFolder())))
}
