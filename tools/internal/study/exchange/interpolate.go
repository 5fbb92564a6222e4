package exchange

import (
	"context"

	"unwarp/tools/internal/drawing"
	"unwarp/tools/internal/study"
)

// paths are the codes that change along an interpolation.
var paths = []struct {
	title                string
	appearance, geometry bool
}{
	{"appearance changes", true, false},
	{"geometry changes", false, true},
	{"both change", true, true},
}

// interpolate decodes codes between those of the two images of each pair, in so
// many steps.
func (e *Exchanger) interpolate(ctx context.Context, drawn []drawing.Pair, s *study.Sample, steps int) ([]drawing.Interpolation, error) {
	var all []drawing.Interpolation
	for k, p := range drawn {
		n := drawing.Interpolation{From: p[0], To: p[1]}
		for _, path := range paths {
			appearance := interpolateRows(s.Codes.Appearance, s.Codes.N, k, steps, path.appearance)
			geometry := interpolateRows(s.Codes.Geometry, s.Codes.N, k, steps, path.geometry)
			d, seen, err := e.decode(ctx, appearance, geometry)
			if err != nil {
				return nil, err
			}
			line := drawing.Path{Title: path.title, Seen: seen}
			for i := range steps {
				line.Images = append(line.Images, row(d.Reconstruction, steps, i))
			}
			n.Paths = append(n.Paths, line)
		}
		all = append(all, n)
	}
	return all, nil
}

// interpolateRows returns steps codes from row 2k of the n rows of values to row
// 2k+1, or only copies of row 2k where change is false.
func interpolateRows(values []float32, n, k, steps int, change bool) []float32 {
	from, to := row(values, n, 2*k), row(values, n, 2*k+1)
	var out []float32
	for i := range steps {
		t := float32(0)
		if change {
			t = float32(i) / float32(steps-1)
		}
		for j := range from {
			out = append(out, from[j]+t*(to[j]-from[j]))
		}
	}
	return out
}
