package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

// threatJob is the evaluation of one threat.
type threatJob struct {
	subject *experiment.Subject // with the threat in its configuration
	folder  string              // of its results
}

// planThreats divides what was asked into evaluations of one threat each: those
// named, or where none is, those that the attacks are of.
func planThreats(s *experiment.Subject, o attackOptions, folder string) ([]threatJob, error) {
	type part struct {
		threat  string
		attacks []string
	}
	var parts []part
	add := func(threat string, texts ...string) {
		i := slices.IndexFunc(parts, func(p part) bool { return p.threat == threat })
		if i < 0 {
			parts, i = append(parts, part{threat: threat}), len(parts)
		}
		parts[i].attacks = append(parts[i].attacks, texts...)
	}
	given := s.Config.Attack.Threat
	switch {
	case len(o.threats) > 0:
		for _, t := range o.threats {
			add(t, o.list...)
		}
	case given != "" || len(o.list) == 0:
		add(given, o.list...)
	default:
		for _, text := range o.list {
			if threat, isAttack := config.OwnThreat(text); threat != "" && !isAttack {
				add(threat) // all that the threat has
			} else {
				add(threat, text) // "" is the norm's
			}
		}
	}
	var jobs []threatJob
	for _, p := range parts {
		j, err := newThreatJob(s, p.threat, p.attacks, folder)
		if err != nil {
			return nil, usage(err)
		}
		if slices.ContainsFunc(jobs, func(other threatJob) bool { return other.folder == j.folder }) {
			return nil, usage(fmt.Errorf("--threat: want threats of different kinds, got a second one for %s: name the larger with its --sizes", j.folder))
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// newThreatJob is the evaluation of a threat by the attacks given, or the
// configured ones.
func newThreatJob(s *experiment.Subject, threat string, given []string, folder string) (threatJob, error) {
	j := threatJob{subject: new(experiment.Subject), folder: folder}
	*j.subject = *s
	a := &j.subject.Config.Attack
	if a.Threat = threat; len(given) > 0 {
		a.Attacks = given
	}
	if err := a.Check(); err != nil {
		return j, err
	}
	if a.MeasuresCorruptions() {
		j.folder = report.CorruptionFolder(folder)
		if len(given) > 0 {
			return j, fmt.Errorf("--attack: want none, since corruptions are measured, not searched, got %q", given[0])
		}
		return j, nil
	}
	t, err := a.ParseThreat()
	if err != nil {
		return j, err
	}
	if len(given) > 0 {
		if err := a.CheckNamed(); err != nil {
			return j, err
		}
	}
	if !t.IsGeometric() {
		a.Norm, a.Threat = t.Norm, ""
		return j, nil
	}
	j.folder = report.ThreatFolder(folder, t)
	return j, nil
}

// hasState tells whether the evaluation was interrupted, or kept for those after
// it.
func (j threatJob) hasState() bool {
	if j.subject.Config.Attack.MeasuresCorruptions() {
		return evaluation.HasCorruptionState(j.folder)
	}
	_, err := os.Stat(evaluation.JournalPath(j.folder))
	return err == nil
}

// threatResult is what one evaluation gave.
type threatResult struct {
	title       string
	record      *report.Record           // of a norm or a geometric threat
	corruptions *report.CorruptionRecord // of corruptions
}

// print prints the result for a terminal.
func (r threatResult) print(out io.Writer) {
	fmt.Fprintln(out, r.title)
	if r.corruptions != nil {
		r.corruptions.Print(out, columns(out))
		return
	}
	report.PrintAttacks(out, r.record, columns(out))
}

// forJSON is what --json prints.
func (r threatResult) forJSON() any {
	if r.corruptions != nil {
		return r.corruptions
	}
	return r.record
}

// runThreats makes the evaluations one after the other. What one keeps to be
// resumed is removed when all have ended.
func runThreats(ctx context.Context, jobs []threatJob, o attackOptions, log io.Writer) ([]threatResult, error) {
	several := len(jobs) > 1
	resume := make([]bool, len(jobs))
	for i, j := range jobs {
		resume[i] = o.resume && (!several || j.hasState())
	}
	if o.resume && !slices.Contains(resume, true) {
		return nil, usage(errors.New("--resume: there is no interrupted evaluation of these threats: leave --resume out"))
	}
	var all []threatResult
	for i, j := range jobs {
		r, err := runThreat(ctx, j, o, evaluation.Options{Folder: j.folder, Resume: resume[i], Restart: o.restart, Keep: several, Log: log})
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if several {
		for i, j := range jobs {
			if r := all[i].record; r == nil || r.Evaluation.Stopped == "" {
				evaluation.RemoveState(j.folder)
			}
		}
	}
	return all, nil
}

func runThreat(ctx context.Context, j threatJob, o attackOptions, e evaluation.Options) (r threatResult, err error) {
	s := j.subject
	set, err := s.AttackedImages(ctx)
	if err != nil {
		return r, err
	}
	if r.title, err = attackTitle(ctx, s, set); err != nil {
		return r, err
	}
	e.Title = r.title
	if err := os.MkdirAll(j.folder, 0o777); err != nil {
		return r, notWritten("--out", j.folder, err)
	}
	if s.Config.Attack.MeasuresCorruptions() {
		if o.save != "" {
			return r, usage(errors.New("--save: want a threat with examples, got corruptions, of which there are none"))
		}
		c, err := evaluation.RunCorruptions(ctx, s, set, e)
		r.corruptions = &c
		return r, howToResume(err, s)
	}
	record, err := evaluate(ctx, s, set, keptExamples(o.save+o.bundle.file, set), o.bundle, e)
	if err != nil {
		return r, err
	}
	if o.save != "" {
		if err := saveExamples(o.save, set, &record.Evaluation, s.Model.Shape()); err != nil {
			return r, err
		}
		fmt.Fprintf(e.Log, "adversarial images in %s\n", o.save)
	}
	r.record = &record
	return r, nil
}

// attackTitle names what is attacked, and what may change.
func attackTitle(ctx context.Context, s *experiment.Subject, set attacks.Images) (string, error) {
	title, err := attackedTitle(ctx, s, set.Len())
	if t := s.Config.Attack.Threat; t != "" {
		title += ", under " + t
	}
	return title, err
}

// attackedTitle names the model, a defence around it, and so many attacked images.
func attackedTitle(ctx context.Context, s *experiment.Subject, images int) (string, error) {
	title, err := s.Title(ctx, experiment.AttackedPart, images)
	if d := s.Config.Attack.Defence; d != "" && d != "none" {
		title += ", behind the defence " + d
	}
	return title, err
}

// keptExamples is of how many images examples are kept: of all for --save and
// --bundle.
func keptExamples(save string, set attacks.Images) int {
	if save != "" {
		return set.Len()
	}
	return report.PictureColumns
}

// howToResume adds to an interruption how to continue.
func howToResume(err error, s *experiment.Subject) error {
	var kept experiment.InterruptedError
	if errors.As(err, &kept) {
		return experiment.InterruptedError(fmt.Sprintf("%s: continue with %s and the same flags", kept, shell.Unwarp("attack", shell.Operand(s.Source.Path()), "--resume")))
	}
	return err
}

// checkOneExampleFile refuses --save for several threats, whose examples have
// different shapes.
func checkOneExampleFile(jobs []threatJob, save string) error {
	if save != "" && len(jobs) > 1 {
		return usage(fmt.Errorf("--save: want one threat, got %d: save the examples of each with a command of its own", len(jobs)))
	}
	return nil
}
