package bounds_test

import (
	"os"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
	"unwarp/pipelines/npz"
)

// record is what tools/golden/bounds.py wrote.
func record(t *testing.T) map[string]npz.Array {
	t.Helper()
	raw, err := os.ReadFile("testdata/lirpa.npz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := npz.Decode(raw, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recorded is the net of the record.
func recorded(r map[string]npz.Array) layer {
	return func(s *graphs.Scope, x tf.Output) tf.Output {
		array := func(name string) tf.Output {
			shape := []int32{}
			for _, d := range r[name].Shape() {
				shape = append(shape, int32(d))
			}
			return op.Reshape(s.Op(name), op.Const(s.Op(name), r[name].Float32s()), ints(s, shape...))
		}
		bias := func(x tf.Output, name string) tf.Output { return op.BiasAdd(s.Op("bias"), x, array(name)) }
		x = op.Relu(s.Op("relu"), bias(op.Conv2D(s.Op("conv1"), x, array("conv1_w"), []int64{1, 2, 2, 1}, "SAME"), "conv1_b"))
		x = op.Relu(s.Op("relu"), bias(op.Conv2D(s.Op("conv2"), x, array("conv2_w"), []int64{1, 1, 1, 1}, "SAME"), "conv2_b"))
		x = op.Relu(s.Op("relu"), bias(op.MatMul(s.Op("dense1"), s.Flatten(x), array("dense1_w")), "dense1_b"))
		return bias(op.MatMul(s.Op("dense2"), x, array("dense2_w")), "dense2_b")
	}
}

// Bounds agree with those of auto_LiRPA 0.3 on the same weights: within 1e-4
// where nothing is optimised. Optimised slopes come at least as far, less .01.
func TestAgainstAutoLiRPA(t *testing.T) {
	r := record(t)
	labels, images := r["labels"].Int32s(), Of(r["images"].Float32s(), 6, 8, 8, 1)
	adaptive := open(t, []int64{8, 8, 1}, bounds.Linf, bounds.Unwidened, recorded(r))
	zero := open(t, []int64{8, 8, 1}, bounds.Linf, bounds.Unwidened, recorded(r), bounds.Zero)
	for ball, eps := range map[string]float32{"linf-0.02": .02, "linf-0.1": .1} {
		radii := slices.Repeat([]float32{eps}, 6)
		got := adaptive.fetch(images, labels, radii, adaptive.ibp, adaptive.crown, adaptive.full)
		for i, name := range []string{"ibp", "crown-ibp", "crown"} {
			Near(t, ball+" "+name, got[i].Data, float64s(r[ball+"/"+name].Float32s()), 1e-4)
		}
		Near(t, ball+" zero", zero.fetch(images, labels, radii, zero.full)[0].Data, float64s(r[ball+"/crown-zero"].Float32s()), 1e-4)
	}
	c := certify(t, recorded(r), []int64{8, 8, 1}, bounds.Settings{Images: 6, Steps: 40})
	verdicts := c.verify(bounds.Query{Images: images.Data, Labels: labels, Eps: []float32{.1}})
	for i, v := range verdicts {
		for k, want := range r["linf-0.1/alpha"].Float32s()[i*5 : (i+1)*5] {
			if k != int(labels[i]) && want <= 0 && v.Lower[k] < want-.01 {
				t.Errorf("alpha, image %d, class %d: %v, auto_LiRPA %v", i, k, v.Lower[k], want)
			}
		}
	}
}

// The L2 ball without the box of auto_LiRPA is looser than ours, which knows
// that pixels lie in [0,1].
func TestL2AgainstAutoLiRPA(t *testing.T) {
	r := record(t)
	x := open(t, []int64{8, 8, 1}, bounds.L2, bounds.Unwidened, recorded(r))
	got := x.fetch(Of(r["images"].Float32s(), 6, 8, 8, 1), r["labels"].Int32s(), slices.Repeat([]float32{.3}, 6), x.ibp, x.full)
	for i, name := range []string{"l2-0.3/ibp", "l2-0.3/crown"} {
		for j, want := range r[name].Float32s() {
			if g := got[i].Data[j]; g < want-1e-4 || i == 1 && g > want+.3 {
				t.Errorf("%s %d: %v, auto_LiRPA without the box %v", name, j, g, want)
			}
		}
	}
}
