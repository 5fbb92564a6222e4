package trainer

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"golang.org/x/image/bmp"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// TestExportTakesPhotos: serve_image computes of image files what the pipeline and the live model compute of them, and
// names the class; the names are an asset too.
func TestExportTakesPhotos(t *testing.T) {
	m := exportModel("base")
	shape := pipelines.Shape{H: 9, W: 9, C: 3}
	var g *TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: 5}, func(b *graphs.Builder) (err error) {
		g, err = Declare(b, DefaultConfig(), m, shape)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	g.ClassNames = []string{"ant", "bee", "caf\u00e9"}
	dir := filepath.Join(t.TempDir(), "export")
	r, err := g.WriteSavedModel(net, dir, DefaultExport(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Signatures[signPhoto]; len(got) != 3 {
		t.Errorf("signature %v", got)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "assets", "labels.txt")); err != nil || string(raw) != "ant\nbee\ncaf\u00e9\n" {
		t.Errorf("labels %q, %v", raw, err)
	}
	sm, err := tf.LoadSavedModel(dir, []string{"serve"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer sm.Session.Close()
	sign := sm.Signatures["serve_image"]
	at := func(name string) tf.Output {
		o, err := findTensor(sm.Graph, sign.Outputs[name].Name)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	in, err := findTensor(sm.Graph, sign.Inputs["image"].Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range [][2]int{{9, 9}, {40, 31}, {13, 64}, {5, 7}} {
		src := image.NewNRGBA(image.Rect(0, 0, side[0], side[1]))
		for y := range side[1] {
			for x := range side[0] {
				src.SetNRGBA(x, y, color.NRGBA{uint8(255 * x / side[0]), uint8(255 * y / side[1]), uint8(255 * (x + y) / (side[0] + side[1])), 255})
			}
		}
		for name, file := range map[string][]byte{"png": encoded(t, src, false), "jpeg": encoded(t, src, true)} {
			path := filepath.Join(t.TempDir(), "f."+name)
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			images, notes, err := pipelines.OpenImages(t.Context(), []string{path}, shape, 3)
			if err != nil || notes[0].Err != nil {
				t.Fatal(err, notes)
			}
			want, err := g.Predict(t.Context(), net, images)
			if err != nil {
				t.Fatal(err)
			}
			content, err := tf.NewTensor(string(file))
			if err != nil {
				t.Fatal(err)
			}
			out, err := sm.Session.Run(map[tf.Output]*tf.Tensor{in: content}, []tf.Output{at("class_probabilities"), at("class_label"), at("class")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			p, best := graphs.Floats(nil, out[0]), 0
			for k := range p {
				// Decoders and scalers round.
				if math.Abs(float64(p[k]-want[0][k])) > .01 {
					t.Errorf("%s of %v: probabilities %v, by the pipeline %v", name, side, p, want[0])
				}
				if p[k] > p[best] {
					best = k
				}
			}
			if label, class := out[1].Value().(int64), out[2].Value().(string); int(label) != best || class != g.ClassNames[best] {
				t.Errorf("%s of %v: label %d, class %q of %v", name, side, label, class, p)
			}
		}
	}
}

func encoded(t *testing.T, m image.Image, asJPEG bool) []byte {
	t.Helper()
	var b bytes.Buffer
	err := png.Encode(&b, m)
	if asJPEG {
		b.Reset()
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 98})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The pixels of a file are those of Go's decoders, whatever its kind: of PNG, GIF and BMP the
// same (but BMP with a palette, which TensorFlow takes for grey), of JPEG as near as two accurate transforms are. Colours change from pixel to pixel, and
// are stored at half the size in JPEG: interpolated ones would be far off.
func TestDecodePhoto(t *testing.T) {
	var file graphs.Input
	var pixels tf.Output
	net, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
		file = b.Input("file", tf.String)
		pixels = decodePhoto(b.Pass("decode", graphs.Inference), file.Value, 3)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	src := image.NewPaletted(image.Rect(0, 0, 37, 26), palette.Plan9)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range src.Pix {
		src.Pix[i] = uint8(r.UintN(256))
	}
	for name, c := range map[string]struct {
		encode func(w io.Writer) error
		mean   float64 // largest mean difference, of 255
	}{
		"png":  {func(w io.Writer) error { return png.Encode(w, src) }, 0},
		"gif":  {func(w io.Writer) error { return gif.Encode(w, src, nil) }, 0},
		"bmp":  {func(w io.Writer) error { return bmp.Encode(w, trueColours(src)) }, 0},
		"jpeg": {func(w io.Writer) error { return jpeg.Encode(w, src, &jpeg.Options{Quality: 70}) }, .4},
	} {
		var b bytes.Buffer
		if err := c.encode(&b); err != nil {
			t.Fatal(err)
		}
		content, err := tf.NewTensor(b.String())
		if err != nil {
			t.Fatal(err)
		}
		out, err := net.Run(graphs.Feeds{file.Feed: content}, []tf.Output{pixels})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, _, err := image.Decode(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for y, row := range out[0].Value().([][][]uint8) {
			for x, got := range row {
				p := color.RGBAModel.Convert(want.At(x, y)).(color.RGBA)
				for k, v := range []uint8{p.R, p.G, p.B} {
					sum += math.Abs(float64(v) - float64(got[k]))
				}
			}
		}
		if mean := sum / float64(3*len(src.Pix)); mean > c.mean {
			t.Errorf("%s: pixels are off by %.3f on average", name, mean)
		}
	}
}

// trueColours is m without its palette.
func trueColours(m image.Image) image.Image {
	to := image.NewRGBA(m.Bounds())
	draw.Draw(to, to.Rect, m, image.Point{}, draw.Src)
	return to
}
