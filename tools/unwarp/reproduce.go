package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/study/paper"
	"unwarp/tools/internal/study/reproduce"
)

type reproduceOptions struct {
	reproduce.Request
	budget string
	plan   bool
	json   bool
}

func newReproduce() *cobra.Command {
	var o reproduceOptions
	c := &cobra.Command{
		Use:        "reproduce NAME...",
		SuggestFor: []string{"paper", "repeat"},
		Short:      "Repeat experiments of the paper and print both results side by side",
		Long: `Reproduce repeats what Duan et al. measured. NAME is table1 to table11, figure1
to figure4, a claim of the text, or all. It makes the trainings and attacks that
are not finished, and prints the paper's figures and these beside each other:
mean ± sample standard deviation over seeds, and a verdict for each row. Where
an attack follows a gradient there are two readings: the gradient of the whole
training loss, which the paper may have followed, and that of the classifier,
which an attacker follows. Below tables of attacks both models are compared
where the base network has the paper's figure.

Claims: transfer (attacks without the gradient of the model), ross (gradient
regularisation), distillation and defences (defences that the paper cites, with
the attacks that broke them), comparators (a spatial transformer and capsules on
novel viewpoints).

--budget small takes one seed, shortens trainings, attacks fewer images and says
below each table what it shortened: minutes for a table on two cores. --budget
full is the whole protocol of tools/configs with three seeds: hours. Tables 5
and 6 take a ResNet-20; the paper's ResNet-110 would take days without a GPU.

Each run is a folder ARM-seedN under --runs, with its evaluations in tables/. A
finished run that was trained in another way or on other images than requested
is refused; only precision may differ. Ctrl-C keeps what is done; the same
command continues from there. --plan shows what is left and ends.

Data sets are expected where tools/configs say (data/mnist, data/smallnorb,
data/facescrub, data/cifar10), or under another folder given by --data. unwarp
data fetch downloads the public ones. all leaves out what needs a missing set,
and says so.`,
		Example: `  unwarp reproduce table1 table10
  unwarp reproduce all --budget small --plan
  unwarp reproduce table9 table11 --budget full --data /data
  unwarp reproduce table1 --budget full --runs runs`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(fmt.Errorf("want at least one of %s or all", strings.Join(reproduce.Names(), ", ")))
			}
			return nil
		},
		ValidArgs: append(reproduce.Names(), reproduce.All),
		RunE: func(c *cobra.Command, args []string) error {
			o.Names, o.Budget, o.PlanOnly = args, paper.Budget(o.budget), o.plan
			return asUsage(runReproduce(c.Context(), o, c.OutOrStdout(), c.ErrOrStderr()))
		},
	}
	c.Flags().StringVar(&o.budget, "budget", string(paper.Small), "`BUDGET`: small or full")
	c.Flags().IntVar(&o.Seeds, "seeds", 0, "`N` seeds, 1 to N; 0 for 1 (small) or 3 (full)")
	c.Flags().StringVar(&o.Runs, "runs", "", "`DIR` of the run folders; default runs/reproduce-BUDGET")
	c.Flags().StringVar(&o.Data, "data", "", "`DIR` that holds the folders of the data sets")
	c.Flags().StringArrayVar(&o.Set, "set", nil, "set any configuration key of all trainings, `KEY=VALUE`; may be repeated")
	c.Flags().BoolVar(&o.plan, "plan", false, "print what is finished and what is left, and end; a table that is named needs no data set for that")
	c.Flags().BoolVar(&o.json, "json", false, "print the tables, or the plan, as JSON")
	return c
}

func runReproduce(ctx context.Context, o reproduceOptions, out, log io.Writer) error {
	note := func(format string, args ...any) { fmt.Fprintf(log, format+"\n", args...) }
	r, err := reproduce.New(o.Request, note)
	if err != nil {
		return err
	}
	if err := r.Schedule(ctx); err != nil {
		return err
	}
	if o.plan && o.json {
		return writeJSON(out, r.Plan())
	} else if o.plan {
		printPlan(out, r.Plan(), columns(out))
		return nil
	}
	all, err := r.Run(ctx, reproduce.Program{Log: log, Note: note})
	if err != nil {
		return explainInterruption(err)
	}
	if err := r.SaveTables(all); err != nil {
		return err
	}
	textOut := out
	if o.json {
		textOut = log // standard output holds JSON alone
		if err := writeJSON(out, all); err != nil {
			return err
		}
	} else {
		printTables(out, all)
	}
	return drawFigures(ctx, r, textOut, log)
}
