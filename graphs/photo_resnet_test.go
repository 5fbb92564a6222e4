package graphs_test

import (
	"fmt"
	"strings"
	"testing"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// photoFeatures is the photo ResNet in plain Go, on the parts of the reference of the
// other ResNet.
func photoFeatures(r referenceResNet, x Array, blocks []int) Array {
	b, h, w, _ := dims4(x)
	k := r.value("e/conv1/kernel")
	y := Round(referenceConv(x, k, Array{}, 2, false), int64(b), int64(h+1)/2, int64(w+1)/2, k.Shape[3])
	mean, variance := moments(y)
	if !r.training {
		for i := range mean {
			mean[i], variance[i] = r.value("e/conv1/norm/moving_mean").At(i), r.value("e/conv1/norm/moving_variance").At(i)
		}
	}
	y = rectified(Round(referenceNorm(y, mean, variance, r.value("e/conv1/norm/gamma"), r.value("e/conv1/norm/beta"), 1e-5), y.Shape...))
	x = Round(referencePool(y, 2, maximum), y.Shape[0], (y.Shape[1]+1)/2, (y.Shape[2]+1)/2, y.Shape[3])
	for stage, n := range blocks {
		for block := range n {
			stride := 1
			if stage > 0 && block == 0 {
				stride = 2
			}
			x = r.block(fmt.Sprintf("e/stage%d/block%d", stage+1, block+1), x, stride)
		}
	}
	b, h, w, c := dims4(x)
	out := make([]float64, b*c)
	for i, v := range x.Data {
		out[i/(h*w*c)*c+i%c] += float64(v) / float64(h*w)
	}
	return Round(out, int64(b), int64(c))
}

// Odd sizes have no partner for their last pixel when they are halved.
func TestPhotoResNet(t *testing.T) {
	for name, mode := range modes {
		for embedding, blocks := range map[int][]int{0: {1}, 5: {2, 1, 1, 2}} {
			t.Run(fmt.Sprint(name, "/", embedding), func(t *testing.T) {
				x := Uniform(1, 0, 1, 3, 33, 18, 2)
				c := Build(t, encoded(graphs.PhotoResNet{Width: 3, Blocks: blocks, Units: embedding}), []Array{x}, In(mode), AnyBatch())
				feeds, values := scaledVariables(t, c, x)
				out, err := c.Net.Run(feeds, c.Out)
				if err != nil {
					t.Fatal(err)
				}
				r := newReferenceResNet(t, values, mode)
				if len(blocks) == 1 {
					blocks = []int{blocks[0], blocks[0], blocks[0], blocks[0]}
				}
				want := photoFeatures(r, x, blocks)
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

// The size of the image is no part of the number of weights. With 64 channels and
// blocks of 2 2 2 2 they are those of ResNet-18 (11.7 million at 1000 classes in He et
// al. 2016) but for its three projections, which the shortcuts here do without.
func TestPhotoResNetParameters(t *testing.T) {
	count := func(encoder, kind string, side int64, classes int) int64 {
		_, n := manifest(t, modelOf(t, kind, classes, func(m *graphs.Model) { m.Encoder = encoder }), side, side, 3)
		return n
	}
	projections := int64(64*128+128*256+256*512) + 2*(128+256+512)
	if got, want := count("photo-resnet(width=64,blocks=2)", "base", 224, 1000), int64(11_689_512)-projections; got != want {
		t.Errorf("want the %d weights of ResNet-18 without projections, got %d", want, got)
	}
	small, large := count("photo-resnet", "base", 64, 4), count("photo-resnet", "base", 224, 4)
	if small != large || small < 300_000 || small > 3_000_000 {
		t.Errorf("want a size that does not depend on the image, some hundred thousand to some million, got %d and %d", small, large)
	}
}

func TestPhotoResNetRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"photo-resnet(blocks=1 2)": "want 4 numbers", "photo-resnet(width=0)": "width", "photo-resnet18": "photo-resnet",
	} {
		m := graphs.DefaultModel()
		m.Encoder = text
		if _, err := m.Build(4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", text, want, err)
		}
	}
}
