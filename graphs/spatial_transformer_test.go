package graphs_test

import (
	"math"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// moving is a spatial transformer small enough to loop over.
func moving(m graphs.Motion) Func {
	t := &graphs.SpatialTransformer{Motion: m, Channels: 3, Units: 4}
	return Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return t.Apply(s.In("st"), x) })
}

// setInMotion gives the last layer of the localisation network, which begins at 0, other
// values, so that pixels move.
func setInMotion(path string, initial Array) Array {
	if strings.Contains(path, "motion/") {
		return Normal(uint64(len(path)), .2, initial.Shape...)
	}
	return initial
}

// matrices are the 2x3 matrix of each motion, in units of half the longer side.
var matrices = map[graphs.Motion]func(p []float64) [6]float64{
	graphs.Affine:      func(p []float64) [6]float64 { return [6]float64{1 + p[0], p[1], p[2], p[3], 1 + p[4], p[5]} },
	graphs.Similarity:  func(p []float64) [6]float64 { return [6]float64{1 + p[0], -p[1], p[2], p[1], 1 + p[0], p[3]} },
	graphs.Translation: func(p []float64) [6]float64 { return [6]float64{1, 0, p[0], 0, 1, p[1]} },
}

// movedTwin samples image [H,W,C] where the matrix sends its pixels.
func movedTwin(image []float32, h, w, c int, a [6]float64) (out []float64) {
	half := float64(max(h, w)-1) / 2
	for row := range h {
		for col := range w {
			x, y := (float64(col)-float64(w-1)/2)/half, (float64(row)-float64(h-1)/2)/half
			u := min(max(half*(a[0]*x+a[1]*y+a[2])+float64(w-1)/2, 0), float64(w-1))
			v := min(max(half*(a[3]*x+a[4]*y+a[5])+float64(h-1)/2, 0), float64(h-1))
			for k := range c {
				sum := 0.
				for i := range h {
					for j := range w {
						sum += float64(image[(i*w+j)*c+k]) * max(0, 1-math.Abs(u-float64(j))) * max(0, 1-math.Abs(v-float64(i)))
					}
				}
				out = append(out, sum)
			}
		}
	}
	return out
}

// The module is two convolutions, two layers and a map of the plane, in plain
// loops (Jaderberg et al. 2015, eq. 1, 3 and 5).
func TestSpatialTransformer(t *testing.T) {
	const h, w = 10, 7
	x := Uniform(1, 0, 1, 2, h, w, 2)
	for motion, matrix := range matrices {
		t.Run(string(motion), func(t *testing.T) {
			c := Build(t, moving(motion), []Array{x}, AnyBatch())
			Equal(t, "at first", c.Run(t, x)[0].Data, x.Data)
			feeds, values := c.Feeds(t, 0, x), map[string]Array{}
			for _, v := range c.Net.Vars.All() {
				values[v.Path] = setInMotion(v.Path, c.Value(t, v.Path))
				feeds[v.Read] = values[v.Path].Tensor(t)
			}
			out, err := c.Net.Run(feeds, c.Out)
			if err != nil {
				t.Fatal(err)
			}
			v := func(layer, name string) Array { return values["st/localisation/"+layer+"/"+name] }
			y := Round(relu(referenceConv(x, v("conv1", "kernel"), v("conv1", "bias"), 1, false)), 2, h, w, 3)
			y = Round(referencePool(y, 2, maximum), 2, 5, 4, 3)
			y = Round(relu(referenceConv(y, v("conv2", "kernel"), v("conv2", "bias"), 1, false)), 2, 5, 4, 3)
			y = Round(referencePool(y, 2, maximum), 2, 3*2*3)
			y = Round(relu(referenceDense(y, v("fc", "kernel"), v("fc", "bias"))), 2, 4)
			p := referenceDense(y, v("motion", "kernel"), v("motion", "bias"))
			var want []float64
			for n := range 2 {
				want = append(want, movedTwin(x.Data[n*h*w*2:(n+1)*h*w*2], h, w, 2, matrix(p[n*len(p)/2:(n+1)*len(p)/2]))...)
			}
			got := FromTensor(t, out[0])
			Near(t, "moved", got.Data, want, 2e-5)
			far := 0.
			for i, v := range got.Data {
				far = max(far, math.Abs(float64(v-x.Data[i])))
			}
			if far < .05 {
				t.Errorf("nothing moves: the largest change is %g", far)
			}
		})
	}
}

// Gradients to images and weights are those of finite differences, through the
// map and through the sampler.
func TestSpatialTransformerGradients(t *testing.T) {
	x := Uniform(3, 0, 1, 2, 9, 8, 1)
	for motion := range matrices {
		t.Run(string(motion), func(t *testing.T) {
			Gradient(t, moving(motion), []Array{x}, AnyBatch(), Values(setInMotion), Step(2e-4), Within(5e-2)) // the sampler has a kink at each whole pixel
		})
	}
}

func TestSpatialTransformerKey(t *testing.T) {
	m := graphs.DefaultModel()
	for text, want := range map[string]string{
		"": "", "none": "", "affine": "", "similarity(channels=8)": "", "translation(units=20)": "",
		"rotation": "model.spatial_transformer: want one of", "affine(channels=0)": "channels", "affine(motion=affine)": "motion",
	} {
		m.SpatialTransformer = text
		if _, err := m.Build(10); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
	plain, other := graphs.DefaultModel(), graphs.DefaultModel()
	if other.SpatialTransformer = "none"; plain.Identity() != other.Identity() {
		t.Error("none is another model than nothing")
	}
	if other.SpatialTransformer = "affine"; plain.Identity() == other.Identity() {
		t.Error("a spatial transformer is the same model as none")
	}
	text, _ := manifest(t, modelOf(t, "disentangled", 10, func(m *graphs.Model) { m.SpatialTransformer = "affine" }), 28, 28, 1)
	if !strings.Contains(text, "spatial_transformer/localisation/motion/kernel") {
		t.Errorf("the model has no spatial transformer: %s", text)
	}
}
