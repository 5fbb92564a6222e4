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
			b := doctor.ReadBuild(libraryVersion(tfload.Load(c.Context())))
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

// libraryVersion is the version of the library that was loaded; fault says why it
// was not.
func libraryVersion(fault error) string {
	if fault != nil {
		return "none: " + fault.Error()
	}
	return tf.Version()
}

// version returns the module's version or the revision it was built from.
func version() string { return doctor.ReadBuild("").Unwarp }
