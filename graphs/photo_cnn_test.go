package graphs_test

import (
	"fmt"
	"testing"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// cnnFeatures is the photo CNN in plain Go, on the parts of the reference of the ResNet.
func cnnFeatures(r referenceResNet, x Array) Array {
	for i := range 5 {
		at := fmt.Sprintf("e/conv%d", i+1)
		b, h, w, _ := dims4(x)
		stride := 1
		if i == 0 {
			stride = 2
		}
		k := r.value(at + "/kernel")
		x = Round(referenceConv(x, k, Array{}, stride, false), int64(b), int64(h+stride-1)/int64(stride), int64(w+stride-1)/int64(stride), k.Shape[3])
		mean, variance := moments(x)
		if !r.training {
			for c := range mean {
				mean[c], variance[c] = r.value(at+"/norm/moving_mean").At(c), r.value(at+"/norm/moving_variance").At(c)
			}
		}
		x = rectified(Round(referenceNorm(x, mean, variance, r.value(at+"/norm/gamma"), r.value(at+"/norm/beta"), 1e-5), x.Shape...))
		if i < 4 {
			x = Round(referencePool(x, 2, maximum), x.Shape[0], (x.Shape[1]+1)/2, (x.Shape[2]+1)/2, x.Shape[3])
		}
	}
	b, h, w, c := dims4(x)
	out := make([]float64, b*c)
	for i, v := range x.Data {
		out[i/(h*w*c)*c+i%c] += float64(v) / float64(h*w)
	}
	return Round(out, int64(b), int64(c))
}

func TestPhotoCNN(t *testing.T) {
	for name, mode := range modes {
		for _, embedding := range []int{0, 5} {
			t.Run(fmt.Sprint(name, "/", embedding), func(t *testing.T) {
				x := Uniform(1, 0, 1, 3, 37, 66, 2)
				c := Build(t, encoded(graphs.PhotoCNN{Width: 2, Units: embedding}), []Array{x}, In(mode), AnyBatch())
				feeds, values := scaledVariables(t, c, x)
				out, err := c.Net.Run(feeds, c.Out)
				if err != nil {
					t.Fatal(err)
				}
				want := cnnFeatures(newReferenceResNet(t, values, mode), x)
				if embedding > 0 {
					want = Round(referenceDense(want, values["e/fc/kernel"], values["e/fc/bias"]), 3, int64(embedding))
				}
				var values64 []float64
				for _, v := range want.Data {
					values64 = append(values64, float64(v))
				}
				got := FromTensor(t, out[0])
				if fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) {
					t.Fatalf("want shape %v, got %v", want.Shape, got.Shape)
				}
				Near(t, "embedding", got.Data, values64, 3e-4)
			})
		}
	}
}

// The size of the image is no part of the number of weights, which is that of the layers:
// kernels, and two numbers of batch norm for each channel.
func TestPhotoCNNParameters(t *testing.T) {
	for _, side := range []int64{32, 96, 224} {
		_, n := manifest(t, modelOf(t, "base", 4, func(m *graphs.Model) { m.Encoder = "photo-cnn(width=3)" }), side, side, 3)
		want := int64(25*3*3+9*3*6+9*6*12+9*12*24+9*24*24) + 2*(3+6+12+24+24) + 24*4 + 4
		if n != want {
			t.Errorf("%d pixels: %d weights, want %d", side, n, want)
		}
	}
}
