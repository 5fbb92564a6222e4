package embedding

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"unwarp/tools/internal/drawing"
	"unwarp/tools/internal/study/pca"
	"unwarp/tools/internal/study/tsne"
)

// Names of the methods that map codes to the plane.
const (
	TSNE = "tsne"
	PCA  = "pca"
)

// Layout is the maps of all codes by one method.
type Layout struct {
	Method string
	Maps   []drawing.Map
}

// joinCodes returns the codes before the attack [N,D], and below them those of
// the attacked images: both are mapped together.
func (m *measured) joinCodes(c Code) *mat.Dense {
	before := c.matrix(m.test.Codes)
	if m.after == nil || len(m.after.places) == 0 {
		return before
	}
	n, d := before.Dims()
	after := c.matrix(m.after.Codes)
	x := mat.NewDense(n+len(m.after.places), d, nil)
	x.Slice(0, n, 0, d).(*mat.Dense).Copy(before)
	for k, i := range m.after.places {
		x.SetRow(n+k, after.RawRowView(i))
	}
	return x
}

// layOut maps the rows of x to the plane. The divergence is that of t-SNE.
func (q Request) layOut(ctx context.Context, method string, x *mat.Dense, progress func(done int)) (at [][2]float64, divergence *float64, err error) {
	if method == PCA {
		at, err = principalComponents(x)
		return at, nil, err
	}
	at, kl, err := tsne.Embed(ctx, x, tsne.Options{Perplexity: q.Perplexity, Iterations: q.Iterations, Theta: .5, Seed: q.Seed, Progress: progress})
	return at, &kl, err
}

// principalComponents returns the first two of each row.
func principalComponents(x *mat.Dense) ([][2]float64, error) {
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

// table is embed.csv: a row for each point of each map, with the name of its class
// where the set has names.
type table struct{ rows [][]string }

// addMap turns the coordinates of joined codes into points of a map, and into
// rows of the table.
func (m *measured) addMap(code, method string, at [][2]float64, t *table) drawing.Map {
	one := drawing.Map{Title: code}
	add := func(to *[]drawing.Point, when string, i int, xy [2]float64) {
		label := int(m.test.Labels[i])
		*to = append(*to, drawing.Point{X: xy[0], Y: xy[1], Class: label})
		t.rows = append(t.rows, []string{
			strconv.Itoa(m.test.Index[i]), strconv.Itoa(label), code, method, when,
			strconv.FormatFloat(xy[0], 'g', 7, 64), strconv.FormatFloat(xy[1], 'g', 7, 64),
		})
		if label < len(m.names) {
			last := len(t.rows) - 1
			t.rows[last] = append(t.rows[last], m.names[label])
		}
	}
	n := m.test.Codes.N
	for i := range n {
		add(&one.Before, "before", i, at[i])
	}
	if m.after != nil {
		for k, i := range m.after.places {
			add(&one.After, "after", i, at[n+k])
		}
	}
	return one
}

// csv encodes the table.
func (t *table) csv() ([]byte, error) {
	var raw bytes.Buffer
	w := csv.NewWriter(&raw)
	head := []string{"index", "class", "code", "method", "when", "x", "y", "class_name"}
	if len(t.rows) > 0 { // without the column of names, where the set has none
		head = head[:len(t.rows[0])]
	}
	w.Write(head)
	w.WriteAll(t.rows)
	return raw.Bytes(), w.Error()
}
