package savedmodel

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// Open reads the SavedModel in dir. What cannot be read is named, all of it at once,
// by an error that is [*Unsupported]; nothing of the file is run.
func Open(dir string, o imported.Options) (*Network, error) {
	n, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("SavedModel %.60s: %w", filepath.Base(dir), err)
	}
	return n, nil
}

func open(dir string, o imported.Options) (*Network, error) {
	f, err := readFile(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", GraphFile, err)
	}
	s, err := chooseSignature(f.meta.GetSignatureDef(), o)
	if err != nil {
		return nil, err
	}
	vs, err := openVariables(f)
	if err != nil {
		return nil, err
	}
	best, err := chooseOutput(f, vs, s)
	if err != nil {
		return nil, err
	}
	return newNetwork(f, vs, s, best, o)
}

// candidate is an output with what it is computed from.
type candidate struct {
	output
	flat   *flatGraph
	scores graphs.Tensor
	end    imported.End
	rank   int // what is likelier the scores of classes
}

// chooseOutput takes the likeliest scores of classes among the outputs.
func chooseOutput(f *file, vs *variables, s signature) (candidate, error) {
	var all []candidate
	var first error
	for _, out := range s.outputs {
		g, err := pullOutput(f, vs.fresh(), s, out)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		c := candidate{output: out, flat: g}
		c.scores, c.end = g.scores(out)
		c.rank = c.likelihood()
		all = append(all, c)
	}
	if len(all) == 0 {
		return candidate{}, first
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.rank, a.rank) })
	if len(all) > 1 && all[0].rank == all[1].rank && all[0].scores != all[1].scores {
		var names []string
		for _, c := range all {
			names = append(names, c.name)
		}
		return candidate{}, fmt.Errorf("want to know which of its outputs are the scores of classes, got several: name one with --scores (scores= in model.encoder): %.160s", strings.Join(names, ", "))
	}
	return all[0], nil
}

// likelihood is higher for what is likelier the scores of classes.
func (c candidate) likelihood() int {
	shape := c.flat.shapes[c.scores]
	switch {
	case shape != nil && len(shape) != 2:
		return 0
	case strings.Contains(strings.ToLower(c.name), "logit"):
		return 4
	case c.end == imported.Softmax || c.end == imported.LogSoftmax:
		return 3
	case c.end == imported.Sigmoid:
		return 2
	}
	return 1
}
