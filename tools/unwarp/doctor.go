package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/tools/internal/setup/tfload"
)

type doctorOptions struct{ json, probe bool }

func newDoctor() *cobra.Command {
	var o doctorOptions
	var f *configFlags
	c := &cobra.Command{
		Use:        "doctor",
		SuggestFor: []string{"check", "diagnose", "install"},
		Short:      "Find problems of this installation and their remedies",
		Long: `Doctor prints the versions of the program, of graft, of the TensorFlow library
and of its headers; where the library was found, and where else a build would
look; the devices with their memory, as a separate process sees them; threads,
processor, environment, free disk space; whether the configuration is accepted;
of each worker its version, devices, round trip and bandwidth.
It ends with the problems found and their remedies. The exit code is 1 if one of
them keeps unwarp from working.`,
		Example: `  unwarp doctor
  unwarp doctor --config tools/configs/mnist-base.yaml
  unwarp doctor --workers 10.0.0.2:7077,10.0.0.3:7077
  unwarp doctor --json | jq .problems`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.probe {
				if err := tfload.Load(c.Context()); err != nil {
					return err
				}
				return writeJSON(c.OutOrStdout(), doctor.CheckTensorFlow())
			}
			if w := c.Flags().Lookup("workers"); w.Changed && strings.TrimSpace(w.Value.String()) == "" {
				return usage(fmt.Errorf("--workers: want workers to check as HOST:PORT,HOST:PORT, got none: name them or leave the flag out"))
			}
			return runDoctor(c.Context(), o, f, c.OutOrStdout())
		},
	}
	f = newConfigFlags(c,
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
		[3]string{"workers", "workers", "workers to check, `HOST:PORT,HOST:PORT`"},
	)
	c.Flags().BoolVar(&o.json, "json", false, "print what was found as JSON")
	c.Flags().BoolVar(&o.probe, "probe", false, "use TensorFlow in this process, and print the result alone")
	c.Flags().Lookup("probe").Hidden = true
	return c
}

func runDoctor(ctx context.Context, o doctorOptions, f *configFlags, out io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	fault := tfload.Load(ctx)
	version := ""
	if fault == nil {
		version = tf.Version()
	}
	r := doctor.Examine(ctx, doctor.Input{
		TensorFlow:   version,
		Fault:        fault,
		CheckCommand: []string{self, "doctor", "--probe"},
		Configure:    func() (config.Config, error) { return f.load(config.Default()) },
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.json {
		if err := writeJSON(out, r); err != nil {
			return err
		}
	} else {
		r.Print(out)
	}
	if n := r.Broken(); n > 0 {
		return fmt.Errorf("doctor: %d to fix: see above", n)
	}
	return nil
}
