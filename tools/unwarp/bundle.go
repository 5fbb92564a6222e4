package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/tools/internal/setup/bundle"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/tools/internal/setup/tfload"
)

func newBundle() *cobra.Command {
	return &cobra.Command{
		Use:        "bundle DIR",
		SuggestFor: []string{"package"},
		Short:      "Make a folder that runs on another machine of the same kind",
		Long: `Bundle makes a folder of this program and of the TensorFlow library that it
uses. The folder may be moved, and copied to another machine with the same
system and processor architecture, where neither Go nor TensorFlow is needed.
README.txt in it says which C library and processor it needs.`,
		Example: `  unwarp bundle unwarp-linux-amd64
  tar czf unwarp-linux-amd64.tar.gz unwarp-linux-amd64`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s: want one folder to make, got %d arguments", c.Name(), len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return runBundle(c.Context(), args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
		ValidArgsFunction: completeFolders,
	}
}

func runBundle(ctx context.Context, dir string, out, log io.Writer) error {
	if err := tfload.Load(ctx); err != nil {
		return err
	}
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return fmt.Errorf("bundle: this program cannot be found: %w", err)
	}
	var versions bytes.Buffer
	doctor.ReadBuild(tf.Version()).Print(&versions)
	plan, err := bundle.NewPlan(bundle.Source{Program: self, Libraries: tfload.Files(), Versions: versions.String()}, dir)
	if err != nil {
		return usage(fmt.Errorf("bundle: %w", err))
	}
	fmt.Fprintf(log, "copying %s to %s\n", doctor.FormatSize(plan.Size), dir)
	if err := doctor.CheckSpace(dir, plan.Size); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	if err := plan.Write(ctx, dir); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("bundle: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s runs on machines that %s describes: %s\n", dir, filepath.Join(dir, "README.txt"), filepath.Join(dir, "unwarp")+" doctor")
	return err
}
