package embedding

import (
	"context"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/study"
)

// Request says what is mapped, and how.
type Request struct {
	Methods    []string // TSNE and PCA
	Count      int      // test images to map, 0 for all
	Fit        int      // training images to compare with and fit to, 0 for all
	Perplexity float64  // of t-SNE, as Iterations and Seed
	Iterations int
	Seed       uint64
}

// Input is the model and the images of an embedding.
type Input struct {
	Model       study.Model
	Codes       []Code
	Train, Test pipelines.Source
	// Attack attacks images, and keeps the examples of all of them; nil maps
	// clean images alone.
	Attack func(ctx context.Context, set attacks.Images) (*attacks.Evaluation, error)
	// Progress, if set, is called while t-SNE maps a code.
	Progress func(code string, done int)
}

// Result is what the maps show.
type Result struct {
	Images, Fitted int
	Found          int // images with an adversarial example
	Before, After  float64
	Codes          []CodeResult
	Layouts        []Layout // one for each method
	Table          []byte   // the coordinates as CSV
}

// Run maps the codes of a request and measures what they hold.
func Run(ctx context.Context, in Input, q Request) (*Result, error) {
	m, err := in.takeSamples(ctx, q)
	if err != nil {
		return nil, err
	}
	r := &Result{Images: m.test.Len(), Fitted: m.fit.Len(), Before: m.test.Accuracy()}
	if m.after != nil {
		r.After, r.Found = m.after.Accuracy(), m.after.found
	}
	for _, method := range q.Methods {
		r.Layouts = append(r.Layouts, Layout{Method: method})
	}
	var t table
	for _, c := range in.Codes {
		one, err := m.measureCode(c)
		if err != nil {
			return nil, err
		}
		x := m.joinCodes(c)
		for k, method := range q.Methods {
			at, divergence, err := q.layOut(ctx, method, x, in.progressOf(c.Name))
			if err != nil {
				return nil, err
			}
			if divergence != nil {
				one.KL = divergence
			}
			r.Layouts[k].Maps = append(r.Layouts[k].Maps, m.addMap(c.Name, method, at, &t))
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.Codes = append(r.Codes, one)
	}
	r.Table, err = t.csv()
	return r, err
}

// progressOf reports the steps of one code's map.
func (in Input) progressOf(code string) func(done int) {
	return func(done int) {
		if in.Progress != nil {
			in.Progress(code, done)
		}
	}
}

// takeSamples encodes the images of both parts, and those of the test part after
// the attack.
func (in Input) takeSamples(ctx context.Context, q Request) (*measured, error) {
	testIndices, fitIndices := pipelines.Spread(q.Count, in.Test.Len()), pipelines.Spread(q.Fit, in.Train.Len())
	m := &measured{names: pipelines.ClassNames(in.Test), seed: q.Seed}
	m.factors, m.fitFactors = readFactors(in.Train, fitIndices)
	if list, values := readFactors(in.Test, testIndices); list == nil {
		m.factors = nil
	} else {
		m.testFactors = values
	}
	var err error
	if m.test, err = study.EncodeSample(ctx, in.Model, in.Test, testIndices); err != nil {
		return nil, err
	}
	if m.fit, err = study.EncodeSample(ctx, in.Model, in.Train, fitIndices); err != nil {
		return nil, err
	}
	if in.Attack == nil {
		return m, nil
	}
	ev, err := in.Attack(ctx, m.test.Images)
	if err != nil {
		return nil, err
	}
	m.after, err = replaceAttacked(ctx, in.Model, m.test, ev)
	return m, err
}
