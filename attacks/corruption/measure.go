package corruption

import (
	"context"
	"fmt"
	"slices"

	"unwarp/attacks"
)

// Classifier answers with the logits of images, [H*W*C] each.
type Classifier interface {
	Logits(images ...[]float32) ([][]float32, error)
}

// Measurement measures a table.
type Measurement struct {
	Model  Classifier
	Source Source
	Choice Choice
	Size   int // values of an image
	Batch  int // images classified at once
	// Keep is called after each cell; it may be nil.
	Keep func(*Table) error
	// Progress is called with the cells that are done; it may be nil.
	Progress func(done, of int, kind string)
}

// NewTable is the table before anything is measured.
func (m Measurement) NewTable() (*Table, error) {
	if err := m.Choice.checkKinds(m.Source.Kinds()); err != nil {
		return nil, err
	}
	t := &Table{Choice: m.Choice.String(), Source: m.Source.Name()}
	for _, s := range m.Source.Severities() {
		if m.Choice.asks(s) {
			t.Severities = append(t.Severities, s)
		}
	}
	if len(t.Severities) == 0 {
		return nil, fmt.Errorf("%s: severities: want some of %v, got %v", Name, m.Source.Severities(), m.Choice.Severities)
	}
	for _, name := range m.Choice.chosen(m.Source.Kinds()) {
		t.Kinds = append(t.Kinds, Kind{name, make([]Cell, len(t.Severities))})
	}
	return t, nil
}

// Run measures the cells of t that are not measured yet. When ctx ends it returns
// the error of ctx, and t holds what is done.
func (m Measurement) Run(ctx context.Context, t *Table) error {
	done, of := 0, len(t.Kinds)*len(t.Severities)
	for k := range t.Kinds {
		for s := range t.Severities {
			if t.Kinds[k].Cells[s].Images == 0 {
				c, err := m.cell(ctx, t.Kinds[k].Name, t.Severities[s])
				if err != nil {
					return err
				}
				t.Kinds[k].Cells[s] = c
				if m.Keep != nil {
					if err := m.Keep(t); err != nil {
						return err
					}
				}
			}
			if done++; m.Progress != nil {
				m.Progress(done, of, t.Kinds[k].Name)
			}
		}
	}
	return nil
}

// cell classifies the images of one kind and severity.
func (m Measurement) cell(ctx context.Context, kind string, severity int) (c Cell, err error) {
	for from := 0; from < m.Source.Len(); from += m.Batch {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		n := min(m.Batch, m.Source.Len()-from)
		pixels, labels, err := m.Source.Read(kind, severity, from, n)
		if err != nil {
			return c, err
		}
		classes, err := m.classify(pixels, labels)
		if err != nil {
			return c, fmt.Errorf("corruption %s, severity %d: %w", kind, severity, err)
		}
		for i, class := range classes {
			if c.Images++; class == labels[i] {
				c.Correct++
			}
		}
	}
	return c, nil
}

// classify is the class of each image, by the rule of [attacks.Predict].
func (m Measurement) classify(pixels []float32, labels []int32) ([]int32, error) {
	var images [][]float32
	for x := range slices.Chunk(pixels, m.Size) {
		images = append(images, x)
	}
	logits, err := m.Model.Logits(images...)
	if err != nil {
		return nil, err
	}
	classes := make([]int32, len(logits))
	for i, z := range logits {
		for _, v := range z {
			if v-v != 0 {
				return nil, fmt.Errorf("want finite logits, got %v", z)
			}
		}
		class, _ := attacks.Predict(z, int(labels[i]))
		classes[i] = int32(class)
	}
	return classes, nil
}

// Shown is one image under each kind and severity of a table.
type Shown struct {
	Image     int         // its place in the source
	Label     int32       // its true class
	Pixels    [][]float32 // [K·S], the kinds one after the other
	Predicted []int32     // [K·S]
}

// Show reads image i under all kinds and severities of t.
func (m Measurement) Show(t *Table, i int) (Shown, error) {
	out := Shown{Image: i}
	for _, k := range t.Kinds {
		for _, s := range t.Severities {
			pixels, labels, err := m.Source.Read(k.Name, s, i, 1)
			if err != nil {
				return out, err
			}
			classes, err := m.classify(pixels, labels)
			if err != nil {
				return out, err
			}
			out.Label, out.Pixels, out.Predicted = labels[0], append(out.Pixels, pixels), append(out.Predicted, classes[0])
		}
	}
	return out, nil
}

// Clean classifies images without corruption.
func (m Measurement) Clean(ctx context.Context, set attacks.Images) (c Cell, err error) {
	for from := 0; from < set.Len(); from += m.Batch {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		to := min(set.Len(), from+m.Batch)
		classes, err := m.classify(set.Pixels[from*m.Size:to*m.Size], set.Labels[from:to])
		if err != nil {
			return c, err
		}
		for i, class := range classes {
			if c.Images++; class == set.Labels[from+i] {
				c.Correct++
			}
		}
	}
	return c, nil
}
