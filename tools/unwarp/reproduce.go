package main

import (
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

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/config"
	"unwarp/tools/internal/experiment"
	"unwarp/tools/internal/paper"
	"unwarp/tools/internal/report"
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
which is closest to the paper, and that of the classifier, which is what a
model has to withstand.

--budget small takes one seed, shortens trainings, attacks fewer images and says
below each table what it shortened; everything together ends within an hour on
two cores. --budget full is the whole protocol of tools/configs with three
seeds: hours, and days for the ResNet-110 of tables 5 and 6 without a GPU.

Each run is a folder ARM-seedN under --runs, with its evaluations in tables/. A
finished run that was trained in another way than asked is refused. Ctrl-C
keeps what is done; the same command goes on from there. --plan shows what is
left and ends.

Data sets are expected where tools/configs say (data/mnist, data/smallnorb,
data/facescrub, data/cifar10), or under another folder given by --data. unwarp
data fetch gets those that are public.`,
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
	jobs    []*job
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
	r := &reproduction{reproduceOptions: o, budget: paper.Budget(o.budget), log: log}
	if err := r.choose(names); err != nil {
		return err
	}
	if err := r.schedule(); err != nil {
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
			if errors.Is(err, context.Canceled) || errors.Is(err, trainer.ErrInterrupted) {
				return interrupted(fmt.Sprintf("interrupted at %s, seed %d; what is done is kept: the same command goes on from there", j.arm.Name, j.seed))
			}
			return err
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
	}
	if err := r.draw(ctx, said); err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, all)
	}
	for _, c := range all {
		c.Write(out)
		fmt.Fprintln(out)
	}
	if len(all) > 0 {
		fmt.Fprintln(out, paper.Meaning)
	}
	return nil
}

// choose reads the names of experiments.
func (r *reproduction) choose(names []string) error {
	if r.budget != paper.Small && r.budget != paper.Full {
		return usage(fmt.Errorf("--budget: want small or full, got %q", r.reproduceOptions.budget))
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
	if slices.Contains(names, "all") {
		names = experimentNames()
	}
	for _, n := range experimentNames() { // in the paper's order, each once
		if !slices.Contains(names, n) {
			continue
		}
		if t, ok := paper.FindTable(n); ok {
			r.tables = append(r.tables, t)
		} else {
			r.figures = append(r.figures, n)
		}
	}
	for _, n := range names {
		if !slices.Contains(experimentNames(), n) {
			return usage(fmt.Errorf("want some of %s or all, got %q: did you mean %q?", strings.Join(experimentNames(), ", "), n, pipelines.Nearest(n, experimentNames())))
		}
	}
	return nil
}

// schedule lists the jobs, one seed of all arms after the other, and looks at
// what is there of each.
func (r *reproduction) schedule() error {
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
		for _, a := range figureArms[f] {
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
			if j.state, err = stateOf(j.dir, j.config); err != nil {
				return err
			}
			r.jobs = append(r.jobs, j)
		}
	}
	return nil
}

// stateOf looks at the run folder of a training; a folder that holds another
// training is refused.
func stateOf(dir string, want config.Config) (string, error) {
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
	if _, err := os.Stat(filepath.Join(dir, "summary.json")); err == nil {
		return finished, nil
	}
	return toResume, nil
}

func (r *reproduction) printPlan(out io.Writer) {
	count := map[string]int{}
	for _, j := range r.jobs {
		var names []string
		for _, t := range j.tables {
			names = append(names, t.Name)
		}
		fmt.Fprintf(out, "%-36s seed %d  %-14s %s\n", j.arm.Name, j.seed, j.state, strings.Join(names, " "))
		count[j.state]++
	}
	fmt.Fprintf(out, "%d runs: %d finished, %d to be resumed, %d to be trained; evaluations that are finished are not repeated\n",
		len(r.jobs), count[finished], count[toResume], count[toTrain])
	for _, t := range r.tables {
		for _, n := range r.shortened(t) {
			fmt.Fprintf(out, "%s: %s\n", t.Name, n)
		}
	}
}

// shortened says how the budget departs from the full protocol.
func (r *reproduction) shortened(t paper.Table) (notes []string) {
	if r.budget == paper.Full {
		return nil
	}
	if n := paper.Full.Seeds(); r.seeds < n {
		notes = append(notes, fmt.Sprintf("Small budget: %d of %d seeds.", r.seeds, n))
	}
	if n := t.Count(r.budget); t.Success != "" && n > 0 {
		full := "all"
		if m := t.Count(paper.Full); m > 0 {
			full = fmt.Sprint(m)
		}
		notes = append(notes, fmt.Sprintf("Small budget: %d test images attacked instead of %s.", n, full))
	}
	var seen []string
	for _, name := range t.Arms() {
		arm, _ := paper.FindArm(name)
		full, err := arm.Load(paper.Full, 1, r.data, r.set)
		if err != nil {
			continue
		}
		short, err := arm.Load(r.budget, 1, r.data, r.set)
		if err != nil {
			continue
		}
		diff, _ := config.Differences(short, full)
		if text := strings.Join(diff, ", "); text != "" && !slices.Contains(seen, text) {
			seen = append(seen, text)
			notes = append(notes, "Small budget: "+text+".")
		}
	}
	return notes
}

// do trains what is missing and measures what is asked for.
func (r *reproduction) do(ctx context.Context, j *job) error {
	if j.state != finished {
		resume := ""
		if j.state == toResume {
			resume = j.dir
		}
		if _, err := trainRun(ctx, j.config, resume, r.log); err != nil {
			return err
		}
	}
	// What the training set had to tell is in the run folder alone.
	c, err := experiment.ReadFolder(j.dir)
	if err != nil {
		return usage(err)
	}
	c.Data.Path = j.config.Data.Path
	j.config = c
	return r.measure(ctx, j)
}

// measure counts what the model gets right and runs the attacks of its tables
// that have not been run yet.
func (r *reproduction) measure(ctx context.Context, j *job) error {
	weights, err := experiment.WeightsHash(j.dir, trainer.Last)
	if err != nil {
		return err
	}
	counted := filepath.Join(j.dir, tablesDir, "accuracy.json")
	acc, known := readAccuracy(counted, weights)
	if !known {
		if acc, err = r.count(ctx, j, weights); err != nil {
			return err
		}
		if err := acc.write(counted); err != nil {
			return err
		}
	}
	j.run = &paper.Run{Arm: j.arm.Name, Seed: j.seed, Train: acc.Train, Accuracy: acc.Parts, Evaluations: evaluations(j.dir, weights)}
	for _, t := range j.tables {
		if j.run.Holds(t, t.Count(r.budget)) {
			continue
		}
		ev, err := r.evaluate(ctx, j, t)
		if err != nil {
			return err
		}
		j.run.Evaluations = append(j.run.Evaluations, ev)
	}
	return nil
}

// open restores the model of a finished training.
func (j *job) open(ctx context.Context, c config.Config) (*experiment.Experiment, error) {
	x, err := experiment.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	if _, err := x.Restore(j.dir, trainer.Last); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// evaluate runs the attacks of a table; interrupted, it goes on next time.
func (r *reproduction) evaluate(ctx context.Context, j *job, t paper.Table) (*attacks.Evaluation, error) {
	c := j.config
	c.Attack.Attacks, c.Attack.Images, c.Attack.Exhaustive, c.Attack.Checks = t.Attacks(j.arm.Name), t.Count(r.budget), true, 0
	if t.Eps != nil {
		c.Attack.Eps = strings.Join(t.Columns, " ")
	}
	x, err := j.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	set, err := x.Attacked(ctx)
	if err != nil {
		return nil, err
	}
	b, err := openBattery(x, j.dir, trainer.Last, report.Columns)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	home := filepath.Join(j.dir, tablesDir, t.Name)
	if err := os.MkdirAll(filepath.Join(home, report.AttackDir), 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(home, report.AttackDir, journalFile)
	journal, err := attacks.OpenJournal(path, b.Identity(set))
	if errors.Is(err, attacks.ErrOtherEvaluation) { // of other weights, or another budget
		if err = os.Remove(path); err == nil {
			journal, err = attacks.OpenJournal(path, b.Identity(set))
		}
	}
	if err != nil {
		return nil, err
	}
	defer journal.Close()
	fmt.Fprintf(r.log, "%s: %d attacks on %d images\n", t.Name, len(c.Attack.Attacks), set.Len())
	ev, err := attack(ctx, b, set, journal, r.log)
	if err != nil {
		return nil, err
	}
	if err := report.Save(home, record(x, b, set, ev, j.dir, trainer.Last), report.Kept(set, ev, x.Plan.Shape)); err != nil {
		return nil, err
	}
	return ev, os.Remove(path)
}

// accuracy is RUN/tables/accuracy.json.
type accuracy struct {
	ModelHash string                 `json:"model_hash"`
	Train     int                    `json:"train"` // images trained on
	Parts     map[string]paper.Count `json:"parts"`
}

// count counts what the model gets right of each part.
func (r *reproduction) count(ctx context.Context, j *job, weights string) (accuracy, error) {
	x, err := j.open(ctx, j.config)
	if err != nil {
		return accuracy{}, err
	}
	defer x.Close()
	a := accuracy{ModelHash: weights, Train: x.Data.Train.Len(), Parts: map[string]paper.Count{}}
	for name, src := range map[string]pipelines.Source{"test": x.Data.Test, "familiar": x.Data.Familiar} {
		if src == nil {
			continue
		}
		e, err := x.Plan.Evaluate(ctx, x.Net, src)
		if err != nil {
			return a, err
		}
		n := paper.Count{Images: e.Images}
		for class, row := range e.Confusion {
			n.Right += row[class]
		}
		a.Parts[name] = n
	}
	return a, nil
}

func (a accuracy) write(path string) error {
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return trainer.WriteFile(path, append(raw, '\n'))
}

func readAccuracy(path, weights string) (a accuracy, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(raw, &a) != nil || a.ModelHash != weights {
		return accuracy{}, false
	}
	return a, true
}

// evaluations are those in a run folder that were made of its present weights.
func evaluations(dir, weights string) (all []*attacks.Evaluation) {
	homes, _ := filepath.Glob(filepath.Join(dir, tablesDir, "*"))
	for _, h := range append([]string{dir}, homes...) {
		if rec, _, err := report.Load(h); err == nil && rec.ModelHash == weights && rec.Part == "test" {
			all = append(all, &rec.Evaluation)
		}
	}
	return all
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
