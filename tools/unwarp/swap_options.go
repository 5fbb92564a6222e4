package main

import (
	"bytes"
	"fmt"
	"image/gif"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/internal/drawing"
	"unwarp/tools/internal/study/exchange"
)

type swapOptions struct {
	exchange.Request
	pairs []string // as given
	part  string
	field string
	strip string
	gif   string
	flow  string
	out   string
	json  bool
}

// fieldNames are the ways to draw a displacement field.
var fieldNames = []string{"arrows", "colour"}

func (o *swapOptions) addFlags(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.pairs, "pair", nil, "exchange images `A,B`, by their indices in the part; may be repeated")
	c.Flags().IntVar(&o.Pairs, "pairs", 4, "draw `N` random pairs, of different classes if there are any")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "`SEED` of the random pairs")
	c.Flags().IntVar(&o.Count, "count", 1000, "count whose class is predicted over `N` random pairs, 0 for no count")
	c.Flags().StringVar(&o.part, "part", "test", "`PART` of the set: "+strings.Join(partNames, ", "))
	c.Flags().StringVar(&o.field, "field", "arrows", "draw displacements as `WHAT`: arrows or colour")
	c.Flags().StringVar(&o.strip, "strip", "", "draw the interpolation from A to B into `FILE`.png")
	c.Flags().StringVar(&o.gif, "gif", "", "animate the interpolation from A to B in `FILE`.gif")
	c.Flags().StringVar(&o.flow, "framework", "", "draw the way of the first image of each pair through the model into `FILE`.png (figure 1 of the paper)")
	c.Flags().IntVar(&o.Steps, "steps", 9, "`N` images from A to B")
	c.Flags().StringVar(&o.out, "out", "", "write the picture to `FILE`.png; default RUN/pictures/swap.png")
	c.Flags().BoolVar(&o.json, "json", false, "print the counts as JSON")
}

// Larger pictures cannot be shown by viewers, and more pairs take much memory.
const (
	maxPairs   = 50
	maxSteps   = 60
	maxCounted = 20000
)

// check refuses wrong values before any work is done, and completes the request.
func (o *swapOptions) check() (err error) {
	switch {
	case o.Pairs < 1 || o.Pairs > maxPairs || len(o.pairs) > maxPairs:
		return usage(fmt.Errorf("--pairs: want 1 to %d pairs, got %d", maxPairs, max(o.Pairs, len(o.pairs))))
	case o.Count < 0 || o.Count > maxCounted:
		return usage(fmt.Errorf("--count: want 0 (no count) to %d pairs, got %d", maxCounted, o.Count))
	case o.Steps < 2 || o.Steps > maxSteps:
		return usage(fmt.Errorf("--steps: want 2 to %d images, got %d", maxSteps, o.Steps))
	case !slices.Contains(fieldNames, o.field):
		return usage(fmt.Errorf("--field: want %s, got %q", strings.Join(fieldNames, " or "), o.field))
	}
	if err := checkTarget("--strip", o.strip, ".png"); err != nil {
		return err
	}
	if err := checkTarget("--gif", o.gif, ".gif"); err != nil {
		return err
	}
	if err := checkTarget("--framework", o.flow, ".png"); err != nil {
		return err
	}
	if err := checkPart(o.part); err != nil {
		return err
	}
	if o.strip == "" && o.gif == "" {
		o.Steps = 0 // no interpolation is drawn
	}
	o.Chosen, err = exchange.ParsePairs(o.pairs)
	return asUsage(err)
}

// drawPictures writes the picture of the exchanges to path, and those of the
// interpolations that were asked for. It returns the files.
func (o *swapOptions) drawPictures(path string, r *exchange.Result, sh pipelines.Shape) ([]string, error) {
	files := []string{path}
	if err := writePNG("--out", path, drawing.DrawExchange(r.Drawn, sh, o.field == "arrows")); err != nil {
		return nil, err
	}
	if o.strip != "" {
		if err := writePNG("--strip", o.strip, drawing.DrawInterpolations(r.Interpolations, sh)); err != nil {
			return nil, err
		}
		files = append(files, o.strip)
	}
	if o.flow != "" {
		var first []drawing.Side
		for _, p := range r.Drawn {
			first = append(first, p[0])
		}
		if err := writePNG("--framework", o.flow, drawing.DrawFramework(first, sh)); err != nil {
			return nil, err
		}
		files = append(files, o.flow)
	}
	if o.gif != "" {
		var raw bytes.Buffer
		const pause = 12 // hundredths of a second
		if err := gif.EncodeAll(&raw, drawing.Animate(r.Interpolations, sh, pause)); err != nil {
			return nil, fmt.Errorf("--gif %s: %w", o.gif, err)
		}
		if err := writeFigure("--gif", o.gif, raw.Bytes()); err != nil {
			return nil, err
		}
		files = append(files, o.gif)
	}
	return files, nil
}

// checkApart refuses one file for two pictures; path is that of the exchange.
func (o *swapOptions) checkApart(path string) error {
	used := map[string]string{filepath.Clean(path): "the exchange's picture"}
	for _, f := range [][2]string{{"--strip", o.strip}, {"--framework", o.flow}} {
		if f[1] == "" {
			continue
		}
		file := filepath.Clean(f[1])
		if of, twice := used[file]; twice {
			return usage(fmt.Errorf("%s %s: this is the file of %s: name another file", f[0], f[1], of))
		}
		used[file] = f[0]
	}
	return nil
}
