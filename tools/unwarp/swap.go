package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/gif"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study/figures"
	"unwarp/trainer"
)

type swapOptions struct {
	chosen []string
	pairs  int
	seed   uint64
	count  int
	part   string
	field  string
	strip  string
	gif    string
	steps  int
	out    string
	json   bool
}

// fieldNames are the ways to draw a displacement field.
var fieldNames = []string{"arrows", "colour"}

func newSwap() *cobra.Command {
	var o swapOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "swap RUN",
		Short: "Exchange appearance and geometry between images, and draw it",
		Long: `Swap splits pairs of images into their appearance and geometric codes, decodes
each appearance with the other's geometry (Duan et al., section 3.3 and figure
3), and draws a picture: input, unwarped image, displacement field,
reconstruction, exchange. Below each synthesised image stands the class that
the model sees in it, and which donor's class that is.

What the codes hold, training does not decide. So swap also counts, over --count
random pairs of different classes, whose class the model sees in the exchange.

An arrow runs from a pixel of the reconstruction to the place of the unwarped
image that it shows. In colours, hue is the direction, as on the wheel above
the column, and white no displacement.

--strip and --gif walk from one image of each pair to the other in steps:
through the appearance code, through the geometric code, and through both.

RUN is a run folder or an export (not an inference-only one) of a disentangled
model. A base CNN and the reconstruction ablation have no geometric code.`,
		Example: `  unwarp swap runs/glyphs-disentangled-seed1
  unwarp swap RUN --pair 3,17 --pair 8,2 --field colour
  unwarp swap RUN --pairs 6 --seed 2 --part train --out swap.png
  unwarp swap RUN --pair 3,17 --strip walk.png --gif walk.gif --steps 12
  unwarp swap RUN --count 5000 --json | jq .exchange`,
		Args: oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("pairs") && len(o.chosen) > 0 {
				return usage(errors.New("--pairs and --pair exclude each other: the one draws at random what the other names"))
			}
			if c.Flags().Changed("steps") && o.strip == "" && o.gif == "" {
				return usage(errors.New("--steps: say with --strip FILE.png or --gif FILE.gif where to draw them"))
			}
			return runSwap(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c, [3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"})
	c.Flags().StringArrayVar(&o.chosen, "pair", nil, "exchange images `A,B`, by their places in the part; may be repeated")
	c.Flags().IntVar(&o.pairs, "pairs", 4, "draw `N` random pairs, of different classes if there are any")
	c.Flags().Uint64Var(&o.seed, "seed", 1, "`SEED` of the random pairs")
	c.Flags().IntVar(&o.count, "count", 1000, "count whose class is seen over `N` random pairs, 0 for no count")
	c.Flags().StringVar(&o.part, "part", "test", "`PART` of the set: "+strings.Join(partNames, ", "))
	c.Flags().StringVar(&o.field, "field", "arrows", "draw displacements as `WHAT`: arrows or colour")
	c.Flags().StringVar(&o.strip, "strip", "", "draw the way from A to B into `FILE`.png")
	c.Flags().StringVar(&o.gif, "gif", "", "animate the way from A to B in `FILE`.gif")
	c.Flags().IntVar(&o.steps, "steps", 9, "`N` images from A to B")
	c.Flags().StringVar(&o.out, "out", "", "write the picture to `FILE`.png; default RUN/pictures/swap.png")
	c.Flags().BoolVar(&o.json, "json", false, "print the counts as JSON")
	return c
}

// check refuses values before any work is done.
func (o swapOptions) check() error {
	switch {
	case o.pairs < 1 || o.pairs > mostPairs || len(o.chosen) > mostPairs:
		return usage(fmt.Errorf("--pairs: want 1 to %d pairs, got %d", mostPairs, max(o.pairs, len(o.chosen))))
	case o.count < 0 || o.count > mostCounted:
		return usage(fmt.Errorf("--count: want 0 (no count) to %d pairs, got %d", mostCounted, o.count))
	case o.steps < 2 || o.steps > mostSteps:
		return usage(fmt.Errorf("--steps: want 2 to %d images, got %d", mostSteps, o.steps))
	case !slices.Contains(fieldNames, o.field):
		return usage(fmt.Errorf("--field: want %s, got %q", strings.Join(fieldNames, " or "), o.field))
	}
	if err := checkTarget("--strip", o.strip, ".png"); err != nil {
		return err
	}
	if err := checkTarget("--gif", o.gif, ".gif"); err != nil {
		return err
	}
	return checkPart(o.part)
}

// Beyond these no viewer shows the picture, or the machine's memory suffers.
const (
	mostPairs   = 50
	mostSteps   = 60
	mostCounted = 20000
)

// swapped is what the command prints as JSON.
type swapped struct {
	Run        string        `json:"run"`
	Checkpoint string        `json:"checkpoint"`
	Set        string        `json:"set"`
	Part       string        `json:"part"`
	Seed       uint64        `json:"seed"`
	Pairs      []swappedPair `json:"pairs"`
	Exchange   *exchange     `json:"exchange,omitempty"`
	Pictures   []string      `json:"pictures"`
}

type swappedPair struct {
	Index  [2]int    `json:"index"`
	Class  [2]string `json:"class"`
	Seen   [2]string `json:"seen"`   // in the one's appearance with the other's geometry
	Whose  [2]string `json:"whose"`  // class that is
	Length [2]string `json:"length"` // of the longest displacement, in pixels
}

// exchange counts what the model sees in images with the appearance of one and
// the geometry of another of a different class.
type exchange struct {
	Pairs      int         `json:"pairs"`
	Appearance report.Rate `json:"appearance"` // the class of the appearance donor
	Geometry   report.Rate `json:"geometry"`   // of the geometry donor
	Neither    report.Rate `json:"neither"`
	Rebuilt    report.Rate `json:"rebuilt"`  // appearance donors rebuilt without exchange: their own class
	Unwarped   report.Rate `json:"unwarped"` // their canonical images: their own class
}

func runSwap(ctx context.Context, o swapOptions, f *runFlags, dir string, out, log io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	to, err := figureTarget("swap", dir, o.out, "swap.png", ".png")
	if err != nil {
		return err
	}
	if o.strip != "" && filepath.Clean(o.strip) == filepath.Clean(to) {
		return usage(fmt.Errorf("--strip %s: this is where the picture of the exchange goes: name another file", o.strip))
	}
	chosen, err := parsePairs(o.chosen)
	if err != nil {
		return err
	}
	x, _, err := f.open(ctx, dir)
	if err != nil {
		return err
	}
	defer x.Close()
	if !x.Plan.Model.Warp {
		return usage(fmt.Errorf("swap %s: want a disentangled model, got kind %s, which has no geometric code to exchange", dir, x.Config.Model.Kind))
	}
	src, err := choosePart(o.part, x.Data)
	if err != nil {
		return err
	}
	s := &swapper{x: x, src: src, name: className(src)}
	r := swapped{Run: dir, Checkpoint: f.checkpoint, Set: x.Config.Data.Set, Part: o.part, Seed: o.seed, Pictures: []string{to}}
	random := pipelines.Seed(o.seed).Split("pairs").Rand()
	if len(chosen) == 0 {
		if chosen, err = s.random(o.pairs, random); err != nil {
			return err
		}
	}
	pairs, err := s.exchanged(ctx, chosen)
	if err != nil {
		return err
	}
	r.describe(chosen, pairs)
	if o.count > 0 {
		if r.Exchange, err = s.count(ctx, o.count, pipelines.Seed(o.seed).Split("count").Rand()); err != nil {
			return err
		}
	}
	if err := writePNG("--out", to, figures.Swap(pairs, x.Plan.Shape, o.field == "arrows")); err != nil {
		return err
	}
	if err := s.walks(ctx, o, chosen, pairs, &r); err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, r)
	}
	r.print(out)
	return nil
}

// parsePairs reads pairs such as 3,17.
func parsePairs(texts []string) ([][2]int, error) {
	var all [][2]int
	for _, text := range texts {
		a, b, ok := strings.Cut(text, ",")
		i, err := strconv.Atoi(strings.TrimSpace(a))
		j, err2 := strconv.Atoi(strings.TrimSpace(b))
		if !ok || err != nil || err2 != nil || i < 0 || j < 0 {
			return nil, usage(fmt.Errorf("--pair: want two places of images such as 3,17, got %q", text))
		}
		all = append(all, [2]int{i, j})
	}
	return all, nil
}

// swapper exchanges codes of images of one part of the set.
type swapper struct {
	x    *experiment.Experiment
	src  pipelines.Source
	name func(k int32) string
}

// random draws pairs of different classes, where the part has more than one.
func (s *swapper) random(n int, r *rand.Rand) ([][2]int, error) {
	var pairs [][2]int
	pixels := make([]uint8, s.src.Shape().Len())
	label := func(i int) (int, error) { return s.src.At(i, pixels) }
	if s.src.Len() < 2 {
		return nil, usage(fmt.Errorf("swap: want at least 2 images to exchange between, got %d: choose another --part", s.src.Len()))
	}
	for range n {
		i, j := 0, 0
		for try := range 200 { // one class may be all there is
			i, j = r.IntN(s.src.Len()), r.IntN(s.src.Len())
			a, err := label(i)
			if err != nil {
				return nil, err
			}
			b, err := label(j)
			if err != nil {
				return nil, err
			}
			if a != b || try > 100 && i != j {
				break
			}
		}
		pairs = append(pairs, [2]int{i, j})
	}
	return pairs, nil
}

// codes are images with what the encoder makes of them, both of each pair.
type codes struct {
	attacks.Set
	trainer.Codes
	seen []int32
}

// encode reads the images of pairs and encodes them: image 2k and 2k+1 are
// those of pair k.
func (s *swapper) encode(ctx context.Context, pairs [][2]int) (codes, error) {
	var c codes
	var indices []int
	for _, p := range pairs {
		for _, i := range p {
			if i >= s.src.Len() {
				return c, usage(fmt.Errorf("--pair: want places in 0..%d of the part, got %d", s.src.Len()-1, i))
			}
		}
		indices = append(indices, p[0], p[1])
	}
	some, err := pipelines.Subset(s.src, indices)
	if err != nil {
		return c, err
	}
	if c.Set, err = s.x.Images(ctx, some, 0); err != nil {
		return c, err
	}
	c.Codes, c.seen, err = s.x.Plan.Encode(ctx, s.x.Net, c.Pixels)
	return c, err
}

// decoded is one synthesised image for each appearance, with the class seen.
func (s *swapper) decode(ctx context.Context, appearance, geometry []float32) (trainer.Decoded, []string, error) {
	d, err := s.x.Plan.Synthesise(ctx, s.x.Net, appearance, geometry)
	if err != nil {
		return d, nil, err
	}
	seen, err := s.see(ctx, d.Reconstruction)
	return d, seen, err
}

func (s *swapper) see(ctx context.Context, images []float32) ([]string, error) {
	_, classes, err := s.x.Plan.Encode(ctx, s.x.Net, images)
	names := make([]string, len(classes))
	for i, k := range classes {
		names[i] = s.name(k)
	}
	return names, err
}

// row is row i of values with n in each.
func row(values []float32, n, i int) []float32 { return values[i*n : (i+1)*n] }

// crossed puts the rows of each pair in the place of the other's.
func crossed(values []float32, n int) []float32 {
	var out []float32
	for i := range len(values) / n {
		out = append(out, row(values, n, i^1)...)
	}
	return out
}

// exchanged makes the pairs of a picture.
func (s *swapper) exchanged(ctx context.Context, pairs [][2]int) ([]figures.Pair, error) {
	c, err := s.encode(ctx, pairs)
	if err != nil {
		return nil, err
	}
	own, seenOwn, err := s.decode(ctx, c.Appearance, c.Geometry)
	if err != nil {
		return nil, err
	}
	seenCanonical, err := s.see(ctx, own.Canonical)
	if err != nil {
		return nil, err
	}
	swap, seenSwap, err := s.decode(ctx, c.Appearance, crossed(c.Geometry, s.x.Plan.Model.Geometry))
	if err != nil {
		return nil, err
	}
	size, points := s.x.Plan.Shape.Len(), 2*s.x.Plan.Shape.H*s.x.Plan.Shape.W
	all := make([]figures.Pair, len(pairs))
	for k := range all {
		for m := range 2 {
			i := 2*k + m
			all[k][m] = figures.Side{
				Name: figures.Number(pairs[k][m]), Class: s.name(c.Labels[i]),
				Input: row(c.Pixels, size, i), Canonical: row(own.Canonical, size, i), Reconstruction: row(own.Reconstruction, size, i),
				Field: row(own.Field, points, i), Swapped: row(swap.Reconstruction, size, i),
				SeenCanonical: seenCanonical[i], SeenReconstruction: seenOwn[i], SeenSwapped: seenSwap[i],
			}
		}
	}
	return all, nil
}

// count exchanges n random pairs of different classes.
func (s *swapper) count(ctx context.Context, n int, r *rand.Rand) (*exchange, error) {
	var t tally
	for t.pairs < n {
		pairs, err := s.random(min(250, n-t.pairs), r)
		if err != nil {
			return nil, err
		}
		c, err := s.encode(ctx, pairs)
		if err != nil {
			return nil, err
		}
		// The first of each pair gives the appearance, the second the geometry.
		da, dg := s.x.Plan.Model.Appearance, s.x.Plan.Model.Geometry
		var looks, own, shapes []float32
		for k := range pairs {
			looks = append(looks, row(c.Appearance, da, 2*k)...)
			own = append(own, row(c.Geometry, dg, 2*k)...)
			shapes = append(shapes, row(c.Geometry, dg, 2*k+1)...)
		}
		_, seen, err := s.decode(ctx, looks, shapes)
		if err != nil {
			return nil, err
		}
		d, before, err := s.decode(ctx, looks, own)
		if err != nil {
			return nil, err
		}
		flat, err := s.see(ctx, d.Canonical)
		if err != nil {
			return nil, err
		}
		for k := range pairs {
			a, g := s.name(c.Labels[2*k]), s.name(c.Labels[2*k+1])
			if a == g {
				return nil, usage(fmt.Errorf("--count: want images of at least 2 classes in this part, found only class %s: choose another --part, or --count 0", a))
			}
			t.add(a, g, seen[k], before[k], flat[k])
		}
	}
	return t.shares(), nil
}

// tally counts what the model sees.
type tally struct{ pairs, appearance, geometry, rebuilt, unwarped int }

// add counts one pair: the classes of both donors, and those seen in the
// exchange, in the reconstruction of the appearance donor and in its canonical
// image.
func (t *tally) add(appearance, geometry, exchanged, rebuilt, unwarped string) {
	t.pairs++
	t.appearance += one(exchanged == appearance)
	t.geometry += one(exchanged == geometry)
	t.rebuilt += one(rebuilt == appearance)
	t.unwarped += one(unwarped == appearance)
}

func (t *tally) shares() *exchange {
	n := t.pairs
	return &exchange{
		Pairs: n, Appearance: report.NewRate(t.appearance, n), Geometry: report.NewRate(t.geometry, n), Neither: report.NewRate(n-t.appearance-t.geometry, n),
		Rebuilt: report.NewRate(t.rebuilt, n), Unwarped: report.NewRate(t.unwarped, n),
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// walks draws the strip and the animation.
func (s *swapper) walks(ctx context.Context, o swapOptions, chosen [][2]int, pairs []figures.Pair, r *swapped) error {
	if o.strip == "" && o.gif == "" {
		return nil
	}
	var all []figures.Walk
	c, err := s.encode(ctx, chosen)
	if err != nil {
		return err
	}
	for k, p := range pairs {
		w := figures.Walk{From: p[0], To: p[1]}
		for _, way := range []struct {
			title       string
			look, shape bool
		}{{"appearance changes", true, false}, {"geometry changes", false, true}, {"both change", true, true}} {
			var looks, shapes []float32
			da, dg := s.x.Plan.Model.Appearance, s.x.Plan.Model.Geometry
			for i := range o.steps {
				t := float32(i) / float32(o.steps-1)
				looks = append(looks, between(row(c.Appearance, da, 2*k), row(c.Appearance, da, 2*k+1), t*float32(one(way.look)))...)
				shapes = append(shapes, between(row(c.Geometry, dg, 2*k), row(c.Geometry, dg, 2*k+1), t*float32(one(way.shape)))...)
			}
			d, seen, err := s.decode(ctx, looks, shapes)
			if err != nil {
				return err
			}
			line := figures.Way{Title: way.title, Seen: seen}
			for i := range o.steps {
				line.Images = append(line.Images, row(d.Reconstruction, s.x.Plan.Shape.Len(), i))
			}
			w.Ways = append(w.Ways, line)
		}
		all = append(all, w)
	}
	if o.strip != "" {
		if err := writePNG("--strip", o.strip, figures.Strip(all, s.x.Plan.Shape)); err != nil {
			return err
		}
		r.Pictures = append(r.Pictures, o.strip)
	}
	if o.gif != "" {
		var raw bytes.Buffer
		const pause = 12 // hundredths of a second
		if err := gif.EncodeAll(&raw, figures.Animation(all, s.x.Plan.Shape, pause)); err != nil {
			return fmt.Errorf("--gif %s: %w", o.gif, err)
		}
		if err := writeFigure("--gif", o.gif, raw.Bytes()); err != nil {
			return err
		}
		r.Pictures = append(r.Pictures, o.gif)
	}
	return nil
}

// between is the point at share t of the way from a to b.
func between(a, b []float32, t float32) []float32 {
	out := make([]float32, len(a))
	for i := range a {
		out[i] = a[i] + t*(b[i]-a[i])
	}
	return out
}

// describe lists what the picture shows.
func (r *swapped) describe(chosen [][2]int, pairs []figures.Pair) {
	for k, p := range pairs {
		q := swappedPair{Index: chosen[k]}
		for m := range 2 {
			q.Class[m], q.Seen[m] = p[m].Class, p[m].SeenSwapped
			q.Whose[m], _ = figures.Donor(p[m].SeenSwapped, p[m].Class, p[1-m].Class)
			q.Length[m] = fmt.Sprintf("%.2f", figures.Longest(p[m].Field))
		}
		r.Pairs = append(r.Pairs, q)
	}
}

func (r *swapped) print(w io.Writer) {
	if e := r.Exchange; e != nil {
		fmt.Fprintf(w, "Of %d images with the appearance of one %s image and the geometry of another,\nof a different class, the model sees (%%, 95 %% interval)\n", e.Pairs, r.Part)
		for _, row := range []struct {
			name string
			s    report.Rate
		}{{"the appearance donor's class", e.Appearance}, {"the geometry donor's class", e.Geometry}, {"neither", e.Neither}} {
			fmt.Fprintf(w, "  %-30s %s\n", row.name, percent(row.s))
		}
		fmt.Fprintln(w, "Without exchange it sees the image's own class in")
		fmt.Fprintf(w, "  %-30s %s\n  %-30s %s\n\n", "the reconstruction", percent(e.Rebuilt), "the unwarped image", percent(e.Unwarped))
	}
	fmt.Fprintln(w, strings.Join(r.Pictures, "\n"))
}

func percent(s report.Rate) string {
	return fmt.Sprintf("%5.1f  (%.1f to %.1f)", 100*s.Share, 100*s.Low, 100*s.High)
}
