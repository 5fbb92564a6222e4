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
  130  interrupted, after a final checkpoint`

// usageError marks errors that better flags or configuration would mend.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(os.Stderr, "unwarp: "+strings.TrimSpace(err.Error()))
	return exitCode(err)
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
		Use:           "unwarp",
		Short:         "Train, attack and export disentangled image classifiers",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(newTrain())
	return root
}
