package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/setup/fetch"
)

type fetchOptions struct {
	to        string
	from      string
	catalogue string
	list      bool
}

func newDataFetch() *cobra.Command {
	var o fetchOptions
	c := &cobra.Command{
		Use:   "fetch NAME",
		Short: "Download a public data set",
		Long: `Fetch downloads the files of a public set (mnist, cifar10, smallnorb) from
their publisher or a well-known mirror. Each file gets its name when its size
and SHA-256 are those of the catalogue; archives are unpacked. Complete files
are not downloaded again, and an interrupted download continues where it ended
when the same command is given again.

--list prints the catalogue. A file in the same format, given as --catalogue,
adds your own sets or replaces addresses and checksums; --from URL takes the
same files from another address. The proxy is that of HTTPS_PROXY.

Respect the publishers' terms: smallNORB, for example, is for research.`,
		Example: `  unwarp data fetch cifar10
  unwarp data fetch smallnorb --to /data/smallnorb
  unwarp data fetch mnist --from https://ossci-datasets.s3.amazonaws.com/mnist
  unwarp data fetch --list > catalogue.yaml
  unwarp data fetch ours --catalogue catalogue.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case o.list && len(args) > 0:
				return fmt.Errorf("fetch --list: want no further arguments, got %q", args[0])
			case !o.list && len(args) != 1:
				return errors.New("fetch: want the name of one data set: see unwarp data fetch --list")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return runFetch(c.Context(), o, args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&o.to, "to", "", "put the files into the folder `DIR` (default data/NAME)")
	c.Flags().StringVar(&o.from, "from", "", "take the files from below `URL`")
	c.Flags().StringVar(&o.catalogue, "catalogue", "", "YAML `FILE` with more sets, or other addresses and checksums")
	c.Flags().BoolVar(&o.list, "list", false, "print the catalogue")
	return c
}

func runFetch(ctx context.Context, o fetchOptions, args []string, out, log io.Writer) error {
	known, err := readCatalogue(o.catalogue)
	if err != nil {
		return usage(err)
	}
	if o.list {
		raw, err := yaml.Marshal(known)
		if err == nil {
			_, err = out.Write(raw)
		}
		return err
	}
	name := args[0]
	set, ok := known[name]
	if !ok {
		return usage(fmt.Errorf("fetch: want one of %s, got %q: see unwarp data fetch --list", strings.Join(slices.Sorted(maps.Keys(known)), ", "), name))
	}
	if o.from != "" {
		if err := fetch.CheckAddress(o.from); err != nil {
			return usage(fmt.Errorf("--from: %w", err))
		}
		set.Address = o.from
	}
	dir := o.to
	if dir == "" {
		dir = filepath.Join("data", name)
	}
	if err := download(ctx, set, dir, log); err != nil {
		if ctx.Err() != nil {
			return experiment.InterruptedError(fmt.Sprintf("interrupted; the downloaded bytes are kept in %s, and the same command goes on from there", dir))
		}
		return err
	}
	fmt.Fprintf(out, "%s is in %s, complete\n", name, dir)
	return nil
}
