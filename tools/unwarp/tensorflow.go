package main

import (
	"slices"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/setup/tfload"
)

// needTensorFlow are the commands that compute with a model.
var needTensorFlow = []string{"train", "evaluate", "predict", "model", "attack", "certify", "swap", "embed", "export", "reproduce"}

// loadFirst makes a command load TensorFlow before it does anything: where the
// library is gone, nothing is half done. Flags that only list or plan do without.
func loadFirst(c *cobra.Command) {
	if !slices.Contains(needTensorFlow, c.Name()) {
		return
	}
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if !c.Flags().Changed("list") && !c.Flags().Changed("plan") {
			if err := tfload.Load(c.Context()); err != nil {
				return err
			}
		}
		return run(c, args)
	}
}
