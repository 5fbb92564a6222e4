package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study/paper"
	"unwarp/trainer"
)

type reproduceOptions struct {
	budget string
	seeds  int
	runs   string
	data   string
	set    []string
	plan   bool
	json   bool
}

func newReproduce() *cobra.Command {
	var o reproduceOptions
	c := &cobra.Command{
		Use:   "reproduce NAME...",
		Short: "Repeat experiments of the paper and print both figures side by side",
		Long: `Reproduce repeats tables of Duan et al. NAME is table1 to table11, figure3,
figure4, or all. It trains what is missing, takes what is finished, attacks,
and prints the paper's figures and these beside each other: mean ± sample
standard deviation over seeds, and a verdict for each row. Where an attack
follows a gradient there are two readings: that of the whole training loss,
a candidate for what the paper followed, and that of the classifier, which is
what a model has to withstand.

--budget small takes one seed, shortens trainings, attacks fewer images and says
below each table what it shortened; everything together ends within an hour on
two cores. --budget full is the whole protocol of tools/configs with three
seeds: hours, and days for the ResNet-110 of tables 5 and 6 without a GPU.

Each run is a folder ARM-seedN under --runs, with its evaluations in tables/. A
finished run that was trained in another way or on other images than asked is
refused; only precision may differ. Ctrl-C keeps what is done; the same command
goes on from there. --plan shows what is left and ends.

Data sets are expected where tools/configs say (data/mnist, data/smallnorb,
data/facescrub, data/cifar10), or under another folder given by --data. unwarp
data fetch gets those that are public. all leaves out what needs a set that is
not there, and says so.`,
		Example: `  unwarp reproduce table1 table10
  unwarp reproduce all --budget small --plan
  unwarp reproduce table9 table11 --budget full --data /data
  unwarp reproduce table1 --budget full --runs runs`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(fmt.Errorf("want at least one of %s or all", strings.Join(experimentNames(), ", ")))
			}
			return nil
		},
		ValidArgs: append(experimentNames(), "all"),
		RunE: func(c *cobra.Command, args []string) error {
			return runReproduce(c.Context(), o, args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&o.budget, "budget", string(paper.Small), "`BUDGET`: small or full")
	c.Flags().IntVar(&o.seeds, "seeds", 0, "`N` seeds, 1 to N; 0 for 1 (small) or 3 (full)")
	c.Flags().StringVar(&o.runs, "runs", "", "`DIR` of the run folders; default runs/reproduce-BUDGET")
	c.Flags().StringVar(&o.data, "data", "", "`DIR` that holds the folders of the data sets")
	c.Flags().StringArrayVar(&o.set, "set", nil, "set any configuration key of all trainings, `KEY=VALUE`; may be repeated")
	c.Flags().BoolVar(&o.plan, "plan", false, "say what is finished and what is left, and end")
	c.Flags().BoolVar(&o.json, "json", false, "print the tables as JSON")
	return c
}

func experimentNames() []string { return append(paper.Names(), figureNames...) }

// reproduction is what has been asked for.
type reproduction struct {
	reproduceOptions
	budget  paper.Budget
	tables  []paper.Table
	figures []string
	shown   map[string][]string // arms of each figure
	jobs    []*job
	prints  map[string]string // of the training images of a set
	log     io.Writer
}

// job is a training with all that is measured on it.
type job struct {
	arm    paper.Arm
	seed   uint64
	config config.Config
	dir    string
	state  string // finished, to be resumed, to be trained
	run    *paper.Run
	tables []paper.Table
}

const (
	finished  = "finished"
	toResume  = "to be resumed"
	toTrain   = "to be trained"
	tablesDir = "tables" // of the evaluations, in a run folder
)

func runReproduce(ctx context.Context, o reproduceOptions, names []string, out, log io.Writer) error {
	r := &reproduction{reproduceOptions: o, budget: paper.Budget(o.budget), shown: map[string][]string{}, prints: map[string]string{}, log: log}
	if err := r.check(); err != nil {
		return err
	}
	if err := r.choose(names); err != nil {
		return err
	}
	if err := r.schedule(ctx); err != nil {
		return err
	}
	if o.plan {
		r.printPlan(out)
		return nil
	}
	var results paper.Results
	for n, j := range r.jobs {
		fmt.Fprintf(log, "[%d/%d] %s, seed %d: %s\n", n+1, len(r.jobs), j.arm.Name, j.seed, j.state)
		if err := r.do(ctx, j); err != nil {
			return goesOn(err, fmt.Sprintf("%s, seed %d", j.arm.Name, j.seed))
		}
		results = append(results, j.run)
	}
	all := []paper.Comparison{} // not null in JSON
	for _, t := range r.tables {
		c := paper.Compare(t, results, t.Count(r.budget), r.shortened(t)...)
		all = append(all, c)
	}
	if err := r.keep(all); err != nil {
		return err
	}
	said := out
	if o.json {
		said = log // what the figures say is no JSON of ours
		if err := writeJSON(out, all); err != nil {
			return err
		}
	} else {
		for _, c := range all {
			c.Write(out)
			fmt.Fprintln(out)
		}
		if len(all) > 0 {
			fmt.Fprintln(out, paper.Meaning)
		}
	}
	return r.draw(ctx, said)
}

// goesOn makes of an interruption at some work what to do then.
func goesOn(err error, at string) error {
	var stopped interrupted
	if errors.Is(err, context.Canceled) || errors.Is(err, trainer.ErrInterrupted) || errors.As(err, &stopped) {
		return interrupted(fmt.Sprintf("interrupted at %s; what is done is kept: the same command goes on from there", at))
	}
	return err
}

// check refuses flags before any work is done, and fills in what they leave out.
func (r *reproduction) check() error {
	if r.budget != paper.Small && r.budget != paper.Full {
		return usage(fmt.Errorf("--budget: want small or full, got %q", r.reproduceOptions.budget))
	}
	for _, kv := range r.set {
		key, _, _ := strings.Cut(kv, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		for _, own := range decided {
			if key == own || strings.HasSuffix(own, ".") && strings.HasPrefix(key, own) {
				return usage(fmt.Errorf("--set %s: the tables decide about %s: leave it out", kv, key))
			}
		}
	}
	if r.seeds < 0 {
		return usage(fmt.Errorf("--seeds: want 1 or more, got %d", r.seeds))
	}
	if r.seeds == 0 {
		r.seeds = r.budget.Seeds()
	}
	if r.runs == "" {
		r.runs = filepath.Join("runs", "reproduce-"+string(r.budget))
	}
	return nil
}

// choose takes the experiments of these names whose data sets are there; one
// that was named itself must have them.
func (r *reproduction) choose(names []string) error {
	known := append(experimentNames(), "all")
	for _, n := range names {
		if !slices.Contains(known, n) {
			return usage(fmt.Errorf("want some of %s, got %q: did you mean %q?", strings.Join(known, ", "), n, pipelines.Nearest(n, known)))
		}
	}
	all := slices.Contains(names, "all")
	for _, n := range known { // in the paper's order, each once
		if !all && !slices.Contains(names, n) {
			continue
		}
		if t, ok := paper.FindTable(n); ok {
			missing, err := r.missing(t.Arms())
			switch {
			case err != nil:
				return err
			case len(missing) == 0:
				r.tables = append(r.tables, t)
			case all:
				fmt.Fprintf(r.log, "%s is left out: there is no data set at %s\n", n, strings.Join(missing, " and "))
			default:
				return missingData(n, missing)
			}
		} else if slices.Contains(figureNames, n) {
			if err := r.chooseFigure(n, all); err != nil {
				return err
			}
		}
	}
	if len(r.tables)+len(r.figures) == 0 {
		return missingData("reproduce", []string{cmp.Or(r.data, "data")})
	}
	return nil
}

// decided are keys that are not for --set: tables would no longer be what they
// say.
var decided = []string{"seed", "run", "attack.", "data.set", "data.view", "model.kind"}

// missing are the places where data sets of arms are expected and nothing is.
func (r *reproduction) missing(arms []string) (paths []string, err error) {
	if slices.ContainsFunc(r.set, func(kv string) bool { return strings.HasPrefix(kv, "data.path=") }) {
		return nil, nil
	}
	for _, name := range arms {
		arm, _ := paper.FindArm(name)
		path, err := arm.DataPath(r.data)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func missingData(who string, paths []string) error {
	return usage(fmt.Errorf("%s: want a data set at %s, but there is none: name the folder that holds the folders of the sets with --data, or get it with unwarp data fetch", who, strings.Join(paths, " and ")))
}

// chooseFigure takes the models of a figure whose data sets are there.
func (r *reproduction) chooseFigure(name string, all bool) error {
	for _, a := range figureArms[name] {
		missing, err := r.missing([]string{a})
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			r.shown[name] = append(r.shown[name], a)
		}
	}
	missing, err := r.missing(figureArms[name])
	gone := strings.Join(missing, " and ")
	switch shown := len(r.shown[name]); {
	case err != nil:
		return err
	case shown == 0 && !all:
		return missingData(name, missing)
	case shown == 0:
		fmt.Fprintf(r.log, "%s is left out: there is no data set at %s\n", name, gone)
		return nil
	case gone != "":
		fmt.Fprintf(r.log, "%s is drawn without %s: there is no data set\n", name, gone)
	}
	r.figures = append(r.figures, name)
	return nil
}

// schedule lists the jobs, one seed of all arms after the other, and looks at
// what is there of each.
func (r *reproduction) schedule(ctx context.Context) error {
	var order []string
	of := map[string][]paper.Table{}
	for _, t := range r.tables {
		for _, a := range t.Arms() {
			if of[a] == nil {
				order = append(order, a)
			}
			of[a] = append(of[a], t)
		}
	}
	for _, f := range r.figures {
		for _, a := range r.shown[f] {
			if of[a] == nil && !slices.Contains(order, a) {
				order = append(order, a)
			}
		}
	}
	for seed := uint64(1); seed <= uint64(r.seeds); seed++ {
		for _, name := range order {
			if seed > 1 && of[name] == nil {
				continue // a figure shows one
			}
			arm, ok := paper.FindArm(name)
			if !ok {
				return fmt.Errorf("reproduce: there is no arm %q", name)
			}
			j := &job{arm: arm, seed: seed, dir: filepath.Join(r.runs, arm.Folder(seed)), tables: of[name]}
			var err error
			if j.config, err = arm.Load(r.budget, seed, r.data, r.set); err != nil {
				return usage(err)
			}
			j.config.Run = j.dir
			if j.state, err = r.stateOf(ctx, j.dir, j.config); err != nil {
				return err
			}
			if j.state == finished {
				if err := j.recall(); err != nil {
					return err
				}
			}
			r.jobs = append(r.jobs, j)
		}
	}
	return nil
}

// stateOf looks at the run folder of a training; a folder that holds another
// training is refused.
func (r *reproduction) stateOf(ctx context.Context, dir string, want config.Config) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, experiment.ConfigFile)); errors.Is(err, os.ErrNotExist) {
		return toTrain, nil
	}
	have, err := experiment.ReadFolder(dir)
	if err != nil {
		return "", usage(err)
	}
	diff, err := config.Differences(have, want)
	if err != nil {
		return "", err
	}
	if len(diff) > 0 {
		return "", usage(fmt.Errorf("run folder %s holds another training: %s: name another folder with --runs, or remove this one", dir, strings.Join(diff, "; ")))
	}
	var done struct {
		DataHash string `json:"data_hash"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil || json.Unmarshal(raw, &done) != nil {
		return toResume, nil
	}
	if print, err := r.fingerprint(ctx, want.Data); err != nil {
		return "", err
	} else if done.DataHash != "" && done.DataHash != print {
		return "", usage(fmt.Errorf("run folder %s holds a training on other images than those of %s: name another folder with --runs, or these images with --data", dir, want.Data.Path))
	}
	return finished, nil
}

// fingerprint is that of the training images of a set, which is read once.
func (r *reproduction) fingerprint(ctx context.Context, d pipelines.Data) (string, error) {
	key := fmt.Sprintf("%+v", d)
	if print, ok := r.prints[key]; ok {
		return print, nil
	}
	s, err := experiment.OpenData(ctx, d)
	if err != nil {
		return "", usage(err)
	}
	r.prints[key], err = experiment.Fingerprint(s.Train)
	return r.prints[key], err
}

// keep writes the tables beside the runs.
func (r *reproduction) keep(all []paper.Comparison) error {
	for _, c := range all {
		var text strings.Builder
		c.Write(&text)
		raw, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return err
		}
		if err := trainer.WriteFile(filepath.Join(r.runs, c.Table+".md"), []byte(text.String())); err != nil {
			return err
		}
		if err := trainer.WriteFile(filepath.Join(r.runs, c.Table+".json"), append(raw, '\n')); err != nil {
			return err
		}
	}
	return nil
}
