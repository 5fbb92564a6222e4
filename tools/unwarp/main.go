// Command unwarp trains image classifiers whose embedding is split into an
// appearance code and a geometric code, attacks them, reports the results, and
// exports them as SavedModels.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	disk "unwarp/pipelines/files"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/setup/signals"
	"unwarp/trainer"
)

// Exit codes, documented in every command's help.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDiverged    = 3
	exitMismatch    = 4
	exitUnmet       = 5
	exitInterrupted = 130
)

const exitHelp = `
Exit codes:
  0    done
  1    failed
  2    wrong flags or configuration
  3    loss or weights stopped being numbers; the last checkpoint is kept
  4    the checkpoint belongs to another architecture
  5    a requirement is not met (--require), or a claim does not hold (verify)
  130  interrupted; training saves a checkpoint first
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signals.Context(context.Background())
	defer stop()
	ctx = pipelines.WithProgress(ctx, progress.Counting(stderr, "reading", "images"))
	out := watch(stdout)
	root := newRoot(out, stderr, progress.Columns(stdout))
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	out.Close()
	if err == nil && out.err != nil {
		err = fmt.Errorf("standard output: not all of it could be written: %w", out.err)
	}
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(stderr, "unwarp: "+message(err))
	return exitCode(err)
}

// watched remembers the first error of a writer whose users ignore errors: a
// command whose output was lost, on a full disk, has failed. Names of files and
// classes pass it on their way to a terminal, so it writes what is printable.
type watched struct {
	io.Writer
	to  io.Closer // the same; Close writes what is left
	w   io.Writer // behind it
	err error
}

func watch(w io.Writer) *watched {
	text := printable.NewWriter(w)
	return &watched{Writer: text, to: text, w: w}
}

func (o *watched) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	o.note(err)
	return n, err
}

// Close writes what is left of a text whose end is missing.
func (o *watched) Close() { o.note(o.to.Close()) }

func (o *watched) note(err error) {
	if err != nil && o.err == nil {
		o.err = err
	}
}

// message is err in one line of under 300 characters: of a longer one the middle
// is left out, since where is said first and what to do last. The list of what
// does not fit a checkpoint is whole, and images that cannot be read have a line
// each. Spaces within a line stay: they may belong to a path.
func message(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted; nothing was written"
	}
	if errors.As(err, new(*pipelines.UnreadableError)) {
		return messageLines(err.Error())
	}
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	text := printable.Text(strings.Join(lines, " "))
	if errors.As(err, new(*trainer.MismatchError)) {
		return text
	}
	return shortenWords(text, 290)
}

// messageLines is a message of several lines, each as long as a message may be.
func messageLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = shortenWords(printable.Text(line), 290)
	}
	return strings.Join(lines, "\n")
}

// shortenWords leaves out the middle of a text of more than n bytes, and no part of
// a word, as far as words are of usual length.
func shortenWords(text string, n int) string {
	short := disk.Shorten(text, n)
	if short == text {
		return text
	}
	const longWord = 40
	head, tail, _ := strings.Cut(short, "…")
	if i := strings.LastIndexByte(head, ' '); i > len(head)-longWord {
		head = head[:i+1]
	}
	if i := strings.IndexByte(tail, ' '); i >= 0 && i < longWord {
		tail = tail[i:]
	}
	return head + "…" + tail
}

// usageError marks errors that other flags or another configuration would mend.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

func exitCode(err error) int {
	var stopped experiment.InterruptedError
	var diverged *trainer.DivergedError
	var mismatch *trainer.MismatchError
	var wrong usageError
	var config *experiment.ConfigError
	var damaged *experiment.DamagedError
	var unmet unmetError
	switch {
	case errors.Is(err, trainer.ErrInterrupted), errors.Is(err, context.Canceled), errors.As(err, &stopped):
		return exitInterrupted
	case errors.As(err, &diverged):
		return exitDiverged
	case errors.As(err, &mismatch):
		return exitMismatch
	case errors.As(err, &unmet):
		return exitUnmet
	case errors.As(err, &damaged):
		return exitFailed
	case errors.As(err, &wrong), errors.As(err, &config):
		return exitUsage
	}
	return exitFailed
}

// newRoot is the whole program; help texts are folded to columns, 0 leaves them.
func newRoot(stdout, stderr io.Writer, columns int) *cobra.Command {
	root := &cobra.Command{
		Use:   "unwarp",
		Short: "Train, attack and export disentangled image classifiers",
		Long: `unwarp trains image classifiers whose embedding is split into an appearance
code and a geometric code (Duan et al., "Disentangled Deep Autoencoding
Regularization for Robust Image Classification"), attacks them, reports the
results, and exports them as SavedModels.`,
		Example: `  unwarp train
  unwarp train --config tools/configs/mnist-base.yaml
  unwarp attack runs/glyphs-disentangled-seed1 --eps "8/255 .1"
  unwarp doctor`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs, // for unknownCommand to refuse
		RunE:          unknownCommand,
	}
	root.PersistentFlags().BoolP("verbose", "v", false, "let TensorFlow write its own log lines")
	root.AddCommand(newTrain(), newEvaluate(), newPredict(), newModel(), newAttack(), newCertify(), newVerify(), newReport(), newRuns(), newConfig(), newSwap(), newEmbed(), newExport(), newData(), newReproduce(), newDoctor(), newWorker(), newBundle(), newVersion())
	root.SetOut(stdout) // before the completion command, which keeps it
	root.SetErr(stderr)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SetUsageTemplate(root.UsageTemplate() + exitHelp)
	foldHelp(root, columns)
	finish(root)
	return root
}

// finish gives every command what all of them share: misuse ends in one line
// and in exit code 2, and a shell completes the flags' values.
func finish(c *cobra.Command) {
	switch {
	case c.Name() == "help":
		c.Run, c.RunE = nil, helpOn
	case !c.Runnable(): // completion: cobra would print its help for anything
		c.Args, c.RunE = cobra.ArbitraryArgs, unknownCommand
	}
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error { return usage(check(c, args)) }
	}
	loadFirst(c)
	c.SetFlagErrorFunc(unknownFlag)
	completeFlags(c)
	for _, sub := range c.Commands() {
		finish(sub)
	}
}
