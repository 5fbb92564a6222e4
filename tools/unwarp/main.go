// Command unwarp trains image classifiers whose embedding is split into an
// appearance code and a geometric code, attacks them, tells what the attacks
// found, and exports them as SavedModels.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"unwarp/trainer"
)

// Exit codes, documented in every command's help.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDiverged    = 3
	exitMismatch    = 4
	exitInterrupted = 130
)

const exitHelp = `
Exit codes:
  0    done
  1    failed
  2    wrong flags or configuration
  3    the loss stopped being a number; the last checkpoint is kept
  4    the checkpoint belongs to another architecture
  130  interrupted; training saves a checkpoint first
`

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once, as by default.
	context.AfterFunc(ctx, stop)
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(os.Stderr, "unwarp: "+strings.Join(strings.Fields(err.Error()), " "))
	return exitCode(err)
}

// usageError marks errors that better flags or configuration would mend.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

func exitCode(err error) int {
	var diverged *trainer.DivergedError
	var mismatch *trainer.MismatchError
	var wrong usageError
	switch {
	case errors.Is(err, trainer.ErrInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &diverged):
		return exitDiverged
	case errors.As(err, &mismatch):
		return exitMismatch
	case errors.As(err, &wrong):
		return exitUsage
	}
	return exitFailed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "unwarp",
		Short: "Train, attack and export disentangled image classifiers",
		Long: `unwarp trains image classifiers whose embedding is split into an appearance
code and a geometric code (Duan et al., "Disentangled Deep Autoencoding
Regularization for Robust Image Classification"), attacks them, tells what the
attacks found, and exports them as SavedModels.`,
		Example: `  unwarp train                                      the embedded glyphs, two minutes
  unwarp train --config tools/configs/mnist-base.yaml
  unwarp attack runs/glyphs-disentangled-seed1 --eps "8/255 .1"`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
	}
	root.PersistentFlags().BoolP("verbose", "v", false, "let TensorFlow write its own log lines")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(newTrain(), newAttack())
	for _, c := range root.Commands() {
		c.Long = strings.TrimSpace(c.Long) + "\n" + exitHelp
	}
	return root
}
