package graphs_test

import (
	"fmt"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// encoderOf is the encoder that text names, with codes of 3 and 2 units.
func encoderOf(t *testing.T, text, kind string) graphs.Encoder {
	t.Helper()
	return modelOf(t, kind, 4, func(m *graphs.Model) { m.Encoder, m.Kind, m.Appearance, m.Geometry = text, kind, 3, 2 }).Encoder
}

// The stack of four convolutions is what plain loops compute, with every kind of
// embedding and pooling.
func TestConv4(t *testing.T) {
	x := Uniform(1, 0, 1, 2, 9, 6, 2)
	for _, c := range []struct {
		options, kind string
		strides       []int
		pool          string
		layer         string
	}{
		{"channels=3,kernel=3", "base", []int{2, 2, 1, 1}, "", "features"},
		{"channels=3,kernel=3", "disentangled", []int{2, 2, 1, 1}, "", "linear"},
		{"channels=2 3 4 5,kernel=5,strides=1 2 1 2,embedding=relu", "base", []int{1, 2, 1, 2}, "", "relu"},
		{"channels=2,kernel=2,strides=1,pool=max,embedding=linear", "base", []int{1, 1, 1, 1}, "max", "linear"},
		{"channels=2,kernel=3,strides=1,pool=average", "reconstruction", []int{1, 1, 1, 1}, "average", "linear"},
	} {
		t.Run(c.options+"/"+c.kind, func(t *testing.T) {
			e := encoderOf(t, "conv4("+c.options+")", c.kind)
			k := Build(t, encoded(e), []Array{x}, AnyBatch())
			y := x
			for i, stride := range c.strides {
				kernel := k.Value(t, fmt.Sprintf("e/conv%d/kernel", i+1))
				rows, _ := same(int(y.Shape[1]), int(kernel.Shape[0]), stride)
				cols, _ := same(int(y.Shape[2]), int(kernel.Shape[1]), stride)
				y = Round(relu(referenceConv(y, kernel, k.Value(t, fmt.Sprintf("e/conv%d/bias", i+1)), stride, false)), y.Shape[0], int64(rows), int64(cols), kernel.Shape[3])
				if i%2 == 1 && c.pool != "" {
					f := map[string]func([]float64) float64{"max": maximum, "average": mean}[c.pool]
					y = Round(referencePool(y, 2, f), y.Shape[0], (y.Shape[1]+1)/2, (y.Shape[2]+1)/2, y.Shape[3])
				}
			}
			flat := Array{Shape: []int64{2, int64(len(y.Data) / 2)}, Data: y.Data}
			want := make([]float64, len(flat.Data))
			for i, v := range flat.Data {
				want[i] = float64(v)
			}
			if c.layer != "features" {
				want = referenceDense(flat, k.Value(t, "e/fc/kernel"), k.Value(t, "e/fc/bias"))
			}
			if c.layer == "relu" {
				want = relu(want)
			}
			Near(t, "embedding", k.Run(t, x)[0].Data, want, 1e-4)
		})
	}
	Gradient(t, encoded(encoderOf(t, "conv4(channels=2,kernel=3)", "base")), []Array{x}, AnyBatch(), Step(2e-4), Within(4e-2))
}

// Options that contradict each other are refused by name.
func TestConv4Refuses(t *testing.T) {
	for text, want := range map[string]string{
		"conv4(channels=1 2 3)":     "channels: want 4 numbers, or one for all, got [1 2 3]",
		"conv4(strides=1 2)":        "strides: want 4 numbers, or one for all, got [1 2]",
		"conv4(kernel=0)":           "kernel",
		"conv4(channels=0)":         "channels",
		"conv4(strides=5)":          "strides",
		"conv4(pool=min)":           "want one of none, max, average",
		"conv4(embedding=tanh)":     "want one of relu, linear, features",
		"dm-small(kernel=3)":        "unknown key",
		"dm-small(norm=group)":      "want one of none, batch",
		"cnn7(norm=none)":           "unknown key",
		"resnet(depth=21)":          "6n+2",
		"conv4(channels=)":          "channels",
		"conv4(channels=1 2 3 4 5)": "channels",
	} {
		m := graphs.DefaultModel()
		m.Encoder = text
		_, err := m.Build(10)
		Says(t, err, want)
	}
}

// The networks of the literature have its parameter counts at 28x28x1 and ten
// classes. Those of auto_LiRPA's and CROWN-IBP's model tables count the same
// layers; here they are added up by hand.
func TestCertifiedNetParameters(t *testing.T) {
	for encoder, want := range map[string]int64{
		"dm-small":              (16*16*1 + 16) + (4*4*16*32 + 32) + (10*10*32*100 + 100) + (100*10 + 10),
		"dm-medium":             (9*32 + 32) + (16*32*32 + 32) + (9*32*64 + 64) + (16*64*64 + 64) + (4*4*64*512 + 512) + (512*512 + 512) + (512*10 + 10),
		"dm-medium(norm=batch)": 9*32 + 16*32*32 + 9*32*64 + 16*64*64 + 2*(2*32+2*64) + (4*4*64*512 + 512) + (512*512 + 512) + (512*10 + 10),
		"dm-large":              (9*64 + 64) + (9*64*64 + 64) + (9*64*128 + 128) + 2*(9*128*128+128) + (14*14*128*512 + 512) + (512*10 + 10),
		"cnn7":                  9*64 + 9*64*64 + 9*64*128 + 2*9*128*128 + 2*(64+64+3*128) + (14*14*128*512 + 512) + (512*10 + 10),
	} {
		_, n := manifest(t, modelOf(t, "base", 10, func(m *graphs.Model) { m.Kind, m.Encoder = "base", encoder }), 28, 28, 1)
		if n != want {
			t.Errorf("%s: want %d parameters, got %d", encoder, want, n)
		}
	}
}

// A disentangled network of the literature has an embedding that holds both codes.
func TestCertifiedNetEmbedding(t *testing.T) {
	for _, encoder := range []string{"dm-small", "dm-medium", "dm-large", "cnn7"} {
		_, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
			y := encoderOf(t, encoder, "disentangled").Encode(b.Pass("p", graphs.Training), b.Input("x", tf.Float, -1, 28, 28, 1).Value)
			if err := b.Err(); err != nil {
				return err
			}
			if d, _ := y.Shape().ToSlice(); d[1] != 5 {
				t.Errorf("%s: want 5 units, got %v", encoder, d)
			}
			return nil
		})
		if err != nil {
			t.Fatal(encoder, err)
		}
	}
}
