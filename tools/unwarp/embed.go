package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/study/figures"
	"unwarp/tools/internal/study/pca"
	"unwarp/tools/internal/study/probes"
	"unwarp/tools/internal/study/tsne"
	"unwarp/trainer"
)

type embedOptions struct {
	attack     string
	method     string
	count      int
	fit        int
	perplexity float64
	iterations int
	seed       uint64
	out        string
	json       bool
}

// methodNames are the ways to map codes to the plane.
var methodNames = []string{"tsne", "pca", "both"}

// noAttack is the value of --attack for codes of clean images alone.
const noAttack = "none"

func newEmbed() *cobra.Command {
	var o embedOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "embed RUN",
		Short: "Map the codes of images before and after an attack",
		Long: `Embed maps the codes of test images to the plane, before and after an attack, as
figure 4 of Duan et al.: t-SNE (van der Maaten and Hinton 2008, in Barnes and
Hut's approximation, van der Maaten 2014) and the first two principal
components. Of a disentangled model it maps the embedding, the appearance code
and the geometric code; of others the embedding. Colours are classes, squares
images before the attack, triangles after. Both are laid out together.

What is drawn after the attack is the smallest adversarial example found within
the attack's eps, and where the image withstood, the last attempt. Images that
were wrong without attack are not attacked: the maps show them before it only,
and the figures count them as they are.

Beside the maps it measures what each code holds: the accuracy of its 1 and 5
nearest neighbours among training images and of a linear probe (ridge
regression) for the class, before and after the attack. On glyphs, where it is
known what each image was drawn with, also how well each factor can be read off
each code by a linear map (R²): the only way to see disentangling as such.

The files are embed-tsne and embed-pca, each as .svg and .png, embed.csv with
the coordinates, and embed.json with the figures.`,
		Example: `  unwarp embed runs/glyphs-disentangled-seed1
  unwarp embed RUN --attack "pgd(eps=.1)" --count 500
  unwarp embed RUN --attack none --method pca
  unwarp embed RUN --perplexity 50 --iterations 2000 --out figure4
  unwarp embed RUN --method pca --json | jq .codes`,
		Args: oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			for _, flag := range []string{"perplexity", "iterations", "seed"} {
				if o.method == "pca" && c.Flags().Changed(flag) {
					return usage(fmt.Errorf("--%s is t-SNE's: leave it out, or --method pca", flag))
				}
			}
			for _, flag := range []string{"eps", "norm"} {
				if o.attack == noAttack && c.Flags().Changed(flag) {
					return usage(fmt.Errorf("--%s is an attack's: leave it out, or --attack none", flag))
				}
			}
			if c.Flags().Changed("eps") && !c.Flags().Changed("attack") {
				return usage(fmt.Errorf("--eps: the usual attack %s has its own: name the attack too, such as --attack fgsm", o.attack))
			}
			return runEmbed(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c,
		[3]string{"eps", "attack.eps", "`RADII` of an attack that names none of its own"},
		[3]string{"norm", "attack.norm", "`NORM` of the perturbation: linf, l2 or l1"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	c.Flags().StringVar(&o.attack, "attack", "fgsm(eps=.3)", "`ATTACK` as unwarp attack takes it, or none")
	c.Flags().StringVar(&o.method, "method", "both", "`HOW` to map: tsne, pca or both")
	c.Flags().IntVar(&o.count, "count", 1000, "map `N` test images, spread over the test part; 0 for all")
	c.Flags().IntVar(&o.fit, "fit", 5000, "compare with and fit to `N` training images; 0 for all")
	c.Flags().Float64Var(&o.perplexity, "perplexity", 30, "effective number of `NEIGHBOURS` in t-SNE")
	c.Flags().IntVar(&o.iterations, "iterations", 1000, "`N` steps of t-SNE")
	c.Flags().Uint64Var(&o.seed, "seed", 1, "`SEED` of t-SNE's start")
	c.Flags().StringVar(&o.out, "out", "", "write the files into `DIR`; default RUN/pictures")
	c.Flags().BoolVar(&o.json, "json", false, "print the figures as JSON")
	return c
}

// Bounds of what can be asked for. Ten rows are the least that a probe is
// fitted to.
const (
	leastMapped    = 10
	mostIterations = 100000
)

func (o embedOptions) check() error {
	switch {
	case o.count != 0 && o.count < leastMapped:
		return usage(fmt.Errorf("--count: want at least %d images, or 0 for all, got %d", leastMapped, o.count))
	case o.fit != 0 && o.fit < leastMapped:
		return usage(fmt.Errorf("--fit: want at least %d images, or 0 for all, got %d", leastMapped, o.fit))
	case !(o.perplexity >= 1):
		return usage(fmt.Errorf("--perplexity: want at least 1, got %g", o.perplexity))
	case o.count != 0 && o.method != "pca" && o.perplexity > float64(o.count-1):
		return usage(fmt.Errorf("--perplexity: want at most %d for %d images, got %g", o.count-1, o.count, o.perplexity))
	case o.iterations < 1 || o.iterations > mostIterations:
		return usage(fmt.Errorf("--iterations: want 1 to %d, got %d", mostIterations, o.iterations))
	case !slices.Contains(methodNames, o.method):
		return usage(fmt.Errorf("--method: want one of %s, got %q", strings.Join(methodNames, ", "), o.method))
	}
	return nil
}

// embedded is what the command finds: embed.json.
type embedded struct {
	Run        string   `json:"run"`
	Checkpoint string   `json:"checkpoint"`
	Kind       string   `json:"kind"`
	Set        string   `json:"set"`
	Images     int      `json:"images"` // of the test part
	Fitted     int      `json:"fitted"` // training images
	Attack     string   `json:"attack,omitempty"`
	Broken     int      `json:"broken"` // images for which it found an example
	Before     float64  `json:"before"` // accuracy of the classifier itself
	After      float64  `json:"after,omitempty"`
	Codes      []held   `json:"codes"`
	Perplexity float64  `json:"perplexity"`
	Iterations int      `json:"iterations"`
	Seed       uint64   `json:"seed"`
	Files      []string `json:"files"`
}

// held is what one code holds.
type held struct {
	Code    string       `json:"code"`
	Size    int          `json:"size"`
	Before  accuracies   `json:"before"`
	After   *accuracies  `json:"after,omitempty"`
	Factors *probes.Read `json:"factors,omitempty"`
	KL      *float64     `json:"divergence,omitempty"` // left in the t-SNE map, in nats
}

// accuracies are shares of test images whose class is read off a code.
type accuracies struct {
	Nearest float64 `json:"nearest"`      // the nearest neighbour's
	Five    float64 `json:"five_nearest"` // most of five
	Linear  float64 `json:"linear"`       // a linear probe's
}

// sample is images with their codes.
type sample struct {
	set     attacks.Set
	codes   trainer.Codes
	seen    []int32
	factors []pipelines.Factors // nil where they are not known
}

// code is one of the codes of a model, in the order in which they are shown.
type code struct {
	name string
	of   func(c trainer.Codes) []float32
}

func codesOf(p *trainer.Plan) []code {
	all := []code{{"embedding", func(c trainer.Codes) []float32 { return c.Embedding }}}
	if p.Model.Warp {
		all = append(all,
			code{"appearance", func(c trainer.Codes) []float32 { return c.Appearance }},
			code{"geometry", func(c trainer.Codes) []float32 { return c.Geometry }})
	}
	return all
}

// matrix has a row for each code.
func (c code) matrix(all trainer.Codes) *mat.Dense {
	values := c.of(all)
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return mat.NewDense(all.N, len(values)/all.N, wide)
}

func runEmbed(ctx context.Context, o embedOptions, f *runFlags, dir string, out, log io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	folder, err := embedFolder(o, dir)
	if err != nil {
		return err
	}
	if o.attack != noAttack {
		f.attacks = []string{o.attack}
	}
	x, _, err := f.open(ctx, dir)
	if err != nil {
		return err
	}
	defer x.Close()
	test, err := takeSample(ctx, x, x.Data.Test, o.count)
	if err != nil {
		return err
	}
	fit, err := takeSample(ctx, x, x.Data.Train, o.fit)
	if err != nil {
		return err
	}
	r := embedded{
		Run: dir, Checkpoint: f.checkpoint, Kind: x.Config.Model.Kind, Set: x.Config.Data.Set, Images: test.set.Len(), Fitted: fit.set.Len(),
		Perplexity: o.perplexity, Iterations: o.iterations, Seed: o.seed, Before: test.accuracy(),
	}
	var after *sample
	var attacked []int // places in the sample
	if o.attack != noAttack {
		if after, attacked, r.Broken, err = attackedSample(ctx, x, dir, f.checkpoint, test, log); err != nil {
			return err
		}
		r.Attack, r.After = o.attack, after.accuracy()
	}
	maps := &embedMaps{o: o, log: log, test: test, after: after, attacked: attacked}
	for _, c := range codesOf(x.Plan) {
		h, err := measure(c, fit, test, after)
		if err != nil {
			return err
		}
		if err := maps.add(ctx, c, &h); err != nil {
			return err
		}
		r.Codes = append(r.Codes, h)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return notWritten("--out", folder, err)
	}
	if err := maps.write(folder, &r, className(x.Data.Test), x.Plan.Model.Classes); err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, r)
	}
	r.print(out)
	return nil
}

// embedFolder takes the files.
func embedFolder(o embedOptions, dir string) (string, error) {
	if o.out != "" {
		if info, err := os.Stat(o.out); err == nil && !info.IsDir() {
			return "", usage(fmt.Errorf("--out %s: want a folder, found a file of that name", o.out))
		}
		return o.out, nil
	}
	if experiment.IsExport(dir) {
		return "", usage(fmt.Errorf("embed %s: this is an export, in which nothing else should lie: name a folder for the files with --out", dir))
	}
	return filepath.Join(filepath.Clean(dir), report.PicturesDir), nil
}

// takeSample reads n examples spread evenly over src, 0 for all, and encodes
// them. A set may have its classes in order: the first ones would be of few.
func takeSample(ctx context.Context, x *experiment.Experiment, src pipelines.Source, n int) (*sample, error) {
	if n == 0 || n > src.Len() {
		n = src.Len()
	}
	indices := make([]int, n)
	for k := range indices {
		indices[k] = k * src.Len() / n
	}
	some, err := pipelines.Subset(src, indices)
	if err != nil {
		return nil, err
	}
	s := new(sample)
	if s.set, err = x.Images(ctx, some, 0); err != nil {
		return nil, err
	}
	if factors := pipelines.KnownFactors(some); factors != nil {
		for i := range n {
			s.factors = append(s.factors, factors(i))
		}
	}
	s.set.Index = indices // in the part, not in the sample
	s.codes, s.seen, err = x.Plan.Encode(ctx, x.Net, s.set.Pixels)
	return s, err
}

// accuracy is the classifier's own.
func (s *sample) accuracy() float64 {
	right := 0
	for i, k := range s.seen {
		right += one(k == s.set.Labels[i])
	}
	return float64(right) / float64(len(s.seen))
}

// attackedSample is the sample with the smallest adversarial example in the
// place of each image for which there is one, and what the first attack tried
// last where the image withstood; attacked are the places of both, broken counts
// the former.
func attackedSample(ctx context.Context, x *experiment.Experiment, dir, checkpoint string, s *sample, log io.Writer) (after *sample, attacked []int, broken int, err error) {
	x.Config.Attack.Checks = 0 // none of theirs is needed in the graph
	b, err := openBattery(x, dir, checkpoint, s.set.Len())
	if err != nil {
		return nil, nil, 0, err
	}
	defer b.Close()
	for _, k := range b.Skipped {
		fmt.Fprintf(log, "left out: %s is not defined for this model in %s\n", k, x.Config.Attack.Norm)
	}
	ev, err := attack(ctx, b, s.set, nil, log)
	if err != nil {
		return nil, nil, 0, err
	}
	after = &sample{set: s.set}
	after.set.Pixels = slices.Clone(s.set.Pixels)
	size := x.Plan.Shape.Len()
	for i := range s.set.Len() {
		best := -1
		for k, series := range ev.Series {
			if series.Attempts[i].Image != nil && (best < 0 || series.Attempts[i].Reach < ev.Series[best].Attempts[i].Reach) {
				best = k
			}
		}
		shown := ev.Series[0].Attempts[i].Last
		if best >= 0 {
			shown = ev.Series[best].Attempts[i].Image
			broken++
		}
		if shown != nil {
			copy(after.set.Pixels[i*size:], shown)
			attacked = append(attacked, i)
		}
	}
	after.codes, after.seen, err = x.Plan.Encode(ctx, x.Net, after.set.Pixels)
	return after, attacked, broken, err
}

// measure reads class and factors off a code.
func measure(c code, fit, test, after *sample) (held, error) {
	train := c.matrix(fit.codes)
	_, size := train.Dims()
	h := held{Code: c.name, Size: size}
	classes := int32(0)
	for _, l := range slices.Concat(fit.set.Labels, test.set.Labels) {
		classes = max(classes, l+1)
	}
	linear, err := probes.FitLinear(train, fit.set.Labels, int(classes))
	if err != nil {
		return h, err
	}
	read := func(s *sample) (a accuracies, err error) {
		x := c.matrix(s.codes)
		if a.Nearest, err = probes.Neighbours(train, fit.set.Labels, x, s.set.Labels, 1); err != nil {
			return a, err
		}
		a.Five, err = probes.Neighbours(train, fit.set.Labels, x, s.set.Labels, 5)
		a.Linear = linear.Accuracy(x, s.set.Labels)
		return a, err
	}
	if h.Before, err = read(test); err != nil {
		return h, err
	}
	if after != nil {
		a, err := read(after)
		if err != nil {
			return h, err
		}
		h.After = &a
	}
	if fit.factors != nil && test.factors != nil {
		f, err := probes.ReadFactors(train, fit.factors, c.matrix(test.codes), test.factors)
		if err != nil {
			return h, err
		}
		h.Factors = &f
	}
	return h, nil
}

// embedMaps lays codes out in the plane.
type embedMaps struct {
	o           embedOptions
	log         io.Writer
	test, after *sample
	attacked    []int
	methods     []string
	maps        map[string][]figures.Map // by method
	rows        [][]string               // of the table
}

// add maps the codes before the attack together with those of the images that
// it broke.
func (m *embedMaps) add(ctx context.Context, c code, h *held) error {
	x := c.matrix(m.test.codes)
	if len(m.attacked) > 0 {
		_, d := x.Dims()
		after, all := c.matrix(m.after.codes), x
		x = mat.NewDense(m.test.codes.N+len(m.attacked), d, nil)
		x.Slice(0, m.test.codes.N, 0, d).(*mat.Dense).Copy(all)
		for k, i := range m.attacked {
			x.SetRow(m.test.codes.N+k, after.RawRowView(i))
		}
	}
	if m.maps == nil {
		m.maps = map[string][]figures.Map{}
		m.methods = []string{"tsne", "pca"}
		if m.o.method != "both" {
			m.methods = []string{m.o.method}
		}
	}
	for _, method := range m.methods {
		var at [][2]float64
		var err error
		if method == "pca" {
			at, err = components(x)
		} else {
			at, err = m.tsne(ctx, c.name, x, h)
		}
		if err != nil {
			return err
		}
		m.place(c.name, method, at)
	}
	return ctx.Err()
}

// components are the first two principal ones.
func components(x *mat.Dense) ([][2]float64, error) {
	p, err := pca.Project(x, 2)
	if err != nil {
		return nil, err
	}
	n, d := p.Dims()
	at := make([][2]float64, n)
	for i := range n {
		for j := range d {
			at[i][j] = p.At(i, j)
		}
	}
	return at, nil
}

func (m *embedMaps) tsne(ctx context.Context, name string, x *mat.Dense, h *held) ([][2]float64, error) {
	bar := progress.New(m.log, "laying out "+name, "steps", int64(m.o.iterations), 0)
	defer bar.Done()
	at, kl, err := tsne.Embed(ctx, x, tsne.Options{
		Perplexity: m.o.perplexity, Iterations: m.o.iterations, Theta: .5, Seed: m.o.seed,
		Tell: func(done int) {
			if done%25 == 0 { // the first ones say nothing about the time that is left
				bar.Set(int64(done), "")
			}
		},
	})
	h.KL = &kl
	return at, err
}

// place turns coordinates into points of the figure and rows of the table.
func (m *embedMaps) place(name, method string, at [][2]float64) {
	one := figures.Map{Title: name}
	add := func(to *[]figures.Point, when string, i int, xy [2]float64) {
		*to = append(*to, figures.Point{X: xy[0], Y: xy[1], Class: int(m.test.set.Labels[i])})
		m.rows = append(m.rows, []string{
			strconv.Itoa(m.test.set.Index[i]), strconv.Itoa(int(m.test.set.Labels[i])), name, method, when,
			strconv.FormatFloat(xy[0], 'g', 7, 64), strconv.FormatFloat(xy[1], 'g', 7, 64),
		})
	}
	n := m.test.codes.N
	for i := range n {
		add(&one.Before, "before", i, at[i])
	}
	for k, i := range m.attacked {
		add(&one.After, "after", i, at[n+k])
	}
	m.maps[method] = append(m.maps[method], one)
}

// write writes the figures, the table and the numbers.
func (m *embedMaps) write(folder string, r *embedded, name func(int32) string, classes int) error {
	var names []string
	for k := range classes {
		names = append(names, name(int32(k)))
	}
	put := func(file string, raw []byte) error {
		path := filepath.Join(folder, file)
		if err := writeFigure("--out", path, raw); err != nil {
			return err
		}
		r.Files = append(r.Files, path)
		return nil
	}
	for _, method := range m.methods {
		s := figures.Scatter{Maps: m.maps[method], Attack: r.Attack, Names: names}
		for _, form := range []struct {
			ending string
			draw   func() ([]byte, error)
		}{{".svg", s.SVG}, {".png", s.PNG}} {
			raw, err := form.draw()
			if err != nil {
				return err
			}
			if err := put("embed-"+method+form.ending, raw); err != nil {
				return err
			}
		}
	}
	var table bytes.Buffer
	w := csv.NewWriter(&table)
	w.Write([]string{"index", "class", "code", "method", "when", "x", "y"})
	w.WriteAll(m.rows)
	if err := errors.Join(w.Error(), put("embed.csv", table.Bytes())); err != nil {
		return err
	}
	r.Files = append(r.Files, filepath.Join(folder, "embed.json"))
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeFigure("--out", filepath.Join(folder, "embed.json"), append(raw, '\n'))
}
