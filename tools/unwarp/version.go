package main

import (
	"github.com/spf13/cobra"
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/tools/internal/setup/doctor"
	"unwarp/tools/internal/setup/tfload"
)

func newVersion() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of unwarp, Go, graft and TensorFlow",
		Long: `Version prints the version or revision that unwarp was built from, and the
versions of Go, of graft, which binds the TensorFlow C library, and of that
library and its headers.`,
		Example: `  unwarp version
  unwarp version --json | jq -r .tensorflow`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b := doctor.ReadBuild("")
			if fault := tfload.Load(c.Context()); fault != nil {
				b.Fault = fault.Error()
			} else {
				b.TensorFlow = tf.Version()
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), b)
			}
			b.Print(c.OutOrStdout())
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the versions as JSON")
	return c
}

// version returns the module's version or the revision it was built from.
func version() string { return doctor.ReadBuild("").Unwarp }
