package pipelines

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// openFactored reads arrays with factors. Where the numbers of images to train and to
// test on are given, only so many are kept, drawn by data.seed.
func (a *arraySet) openFactored(ctx context.Context, f *factoredArrays) (p parts, err error) {
	fail := func(name string, err error) error {
		return fmt.Errorf("pipelines: %s: %s: %w", displayPath(a.data.Path), name, err)
	}
	images, err := a.open(f.images)
	if err != nil {
		return p, fail(f.images, err)
	}
	defer images.Close()
	layout, err := layoutOf(images.Shape())
	if err != nil {
		return p, fail(f.images, err)
	}
	count, test, err := a.countRows(layout.n)
	if err != nil {
		return p, err
	}
	m, err := a.room.allocate("test", count, layout.shape, nil)
	if err != nil {
		return p, err
	}
	rows := chooseRows(layout.n, count, a.data.Seed)
	scale := f.scale
	if scale == 0 {
		scale, err = a.scaleOf(ctx, f.images, images, layout)
	}
	if err == nil {
		err = a.fill(ctx, m, images, layout, scale, f.images, rows)
	}
	if err != nil {
		return p, fail(f.images, err)
	}
	if err := a.readFactors(m, f, layout.n, rows); err != nil {
		return p, err
	}
	if err := a.agree(map[string]*memorySource{"": m}); err != nil {
		return p, err
	}
	p.remarks = a.remarks
	if test > 0 {
		return p, p.splitOff(m, test, a.data.Seed)
	}
	return p, p.holdOutArrays(m, a.data)
}

// countRows is how many of n images are kept, and how many of these to test on; 0
// leaves that to data.holdout.
func (a *arraySet) countRows(n int) (count, test int, err error) {
	d := a.data
	if d.Train == 0 || d.Test == 0 {
		return n, 0, nil
	}
	count = d.Train + d.Validation + d.Test
	if count > n {
		return 0, 0, newRequestError("pipelines: %s: want at most the %d images of the file in data.train, data.validation and data.test together, got %d", displayPath(d.Path), n, count)
	}
	return count, d.Test, nil
}

// chooseRows draws count of n rows, in their order; all subsets are as likely.
func chooseRows(n, count int, seed uint64) []int {
	r, rows := Seed(seed).Split("rows").Rand(), make([]int, 0, count)
	for i := 0; len(rows) < count; i++ {
		if r.IntN(n-i) < count-len(rows) {
			rows = append(rows, i)
		}
	}
	return rows
}

// readFactors reads factors and classes of the chosen rows of n.
func (a *arraySet) readFactors(m *memorySource, f *factoredArrays, n int, rows []int) error {
	var list []Factor
	for _, t := range f.tables {
		for _, c := range t.columns {
			if c.Name != "" {
				list = append(list, c.Factor)
			}
		}
	}
	m.addFactors(list)
	at := 0
	for k, t := range f.tables {
		look := func(int, []float64) {}
		if f.labels == "" && k == 0 {
			look = func(to int, row []float64) { m.labels[to] = int32(row[f.class]) }
		}
		if err := a.readTable(m, t, n, rows, at, look); err != nil {
			return fmt.Errorf("pipelines: %s: %s: %w", displayPath(a.data.Path), t.array, err)
		}
		at += t.factors()
	}
	if f.labels == "" {
		return nil
	}
	if err := a.readChosenLabels(m, f.labels, n, rows); err != nil {
		return fmt.Errorf("pipelines: %s: %s: %w", displayPath(a.data.Path), f.labels, err)
	}
	return nil
}

// readTable reads the chosen rows of a table [n,F] one after the other: factors of m
// from number at on, and has look at each row.
func (a *arraySet) readTable(m *memorySource, t factorTable, n int, rows []int, at int, look func(to int, row []float64)) error {
	array, err := a.open(t.array)
	if err != nil {
		return err
	}
	defer array.Close()
	if want := []int{n, len(t.columns)}; !slices.Equal(array.Shape(), want) {
		return fmt.Errorf("want the shape %v, a row for each image, got %v", want, array.Shape())
	}
	row, next, each := make([]float64, len(t.columns)), 0, len(m.factors)
	for to, i := range rows {
		err := array.Skip((i - next) * len(row))
		if err == nil {
			err = array.Read(row)
		}
		if err != nil {
			return err
		}
		if err := t.store(row, m.values[to*each+at:]); err != nil {
			return fmt.Errorf("image %d: %w", i, err)
		}
		look(to, row)
		next = i + 1
	}
	return nil
}

// factors is the number of columns with a name.
func (t factorTable) factors() (n int) {
	for _, c := range t.columns {
		if c.Name != "" {
			n++
		}
	}
	return n
}

// store writes the factors of an image to dst.
func (t factorTable) store(row, dst []float64) error {
	k := 0
	for i, c := range t.columns {
		v := row[i]
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return fmt.Errorf("want finite numbers, got %v", v)
		case c.Name == "":
			const most = 1 << 16
			if v != math.Trunc(v) || v < 0 || v >= most {
				return fmt.Errorf("want class numbers in column %d, got %v", i, v)
			}
			continue
		case c.Values > 0:
			if v = math.Round(v * c.unit); !(v >= 0 && v < float64(c.Values)) {
				return fmt.Errorf("want one of %d values of %s, got %v", c.Values, c.Name, row[i])
			}
		}
		dst[k] = v
		k++
	}
	return nil
}

// readChosenLabels reads the labels of the chosen rows of n.
func (a *arraySet) readChosenLabels(m *memorySource, name string, n int, rows []int) error {
	all := &memorySource{labels: make([]int32, n)}
	if err := a.readLabels(all, name); err != nil {
		return err
	}
	for to, i := range rows {
		m.labels[to] = all.labels[i]
	}
	return nil
}
