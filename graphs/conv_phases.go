package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// A transposed 5x5 convolution of stride 2 to twice the size is a 3x3 convolution
// of stride 1 whose output has four times the channels, one set for each pixel of a
// 2x2 block: on each side even pixels 2i take the kernel's rows 3 and 1 at places
// i-1 and i, odd ones its rows 4, 2 and 0 at i-1, i and i+1 (Shi et al. 2016,
// arXiv 1609.07009). With few output channels it takes less time, since a
// convolution computes several output channels at once.

// fewChannels is the number of output channels up to which that pays: with more the
// transposed convolution is as quick, and multiplies 25 numbers for each 36 here.
const fewChannels = 4

// fitsPhases reports whether the layer can be computed so.
func (l ConvTranspose) fitsPhases(in []int64, rows, cols int64) bool {
	return l.Kernel == 5 && l.Stride == 2 && rows == 2*in[1] && cols == 2*in[2]
}

// applyPhases is the layer on x [B,H,W,C] with the kernel w [5,5,Out,C] as
// [B,2H,2W,Out]. The bias is added before pixels are put into their places, where
// TensorFlow joins it to the convolution.
func (l ConvTranspose) applyPhases(s *Scope, x, w tf.Output, in []int64) tf.Output {
	out := int64(l.Out)
	y := op.Conv2D(s.Op("conv"), x, phaseKernel(s, w, out, in[3]), []int64{1, 1, 1, 1}, "SAME")
	bias := s.Variable("bias", Trainable, Zeros, out)
	y = op.BiasAdd(s.Op("bias"), y, op.Tile(s.Op("bias_tile"), bias, op.Const(s.Op("four"), []int32{4})))
	y = op.Reshape(s.Op("split"), y, op.Const(s.Op("split_dims"), []int64{-1, in[1], in[2], 2, 2 * out}))
	y = op.Transpose(s.Op("rows"), y, op.Const(s.Op("order"), []int32{0, 1, 3, 2, 4}))
	return op.Reshape(s.Op("joined"), y, op.Const(s.Op("joined_dims"), []int64{-1, 2 * in[1], 2 * in[2], out}))
}

// phaseKernel rearranges w [5,5,out,in] to [3,3,in,4·out].
func phaseKernel(s *Scope, w tf.Output, out, in int64) tf.Output {
	// With a row of zeros before, row 2·p+r belongs to pixels of phase r at place 1-p.
	w = op.Pad(s.Op("kernel_padded"), w, op.Const(s.Op("kernel_edges"), [][]int32{{1, 0}, {1, 0}, {0, 0}, {0, 0}}))
	w = op.Reshape(s.Op("kernel_split"), w, op.Const(s.Op("kernel_parts"), []int64{3, 2, 3, 2, out, in}))
	w = op.ReverseV2(s.Op("kernel_reversed"), w, op.Const(s.Op("kernel_axes"), []int32{0, 2}))
	w = op.Transpose(s.Op("kernel_moved"), w, op.Const(s.Op("kernel_order"), []int32{0, 2, 5, 1, 3, 4}))
	return op.Reshape(s.Op("kernel_joined"), w, op.Const(s.Op("kernel_dims"), []int64{3, 3, in, 4 * out}))
}

// pooledKernel is the kernel of [ConvTranspose.applyPooled], [4,4,in,out], of w
// [5,5,out,in].
func pooledKernel(s *Scope, w tf.Output, out, in int64) tf.Output {
	// The four pixels 4i to 4i+3 of a side take these of the kernel's rows from the
	// places 2i-1 to 2i+2.
	taken := [4][5]float32{{0, 0, 0, 1, 1}, {0, 1, 1, 1, 1}, {1, 1, 1, 0, 0}, {1, 0, 0, 0, 0}}
	var mean [][]float32
	for _, a := range taken {
		for _, b := range taken {
			row := make([]float32, 25)
			for k := range row {
				row[k] = a[k/5] * b[k%5] / 16
			}
			mean = append(mean, row)
		}
	}
	flat := op.Reshape(s.Op("kernel_list"), w, op.Const(s.Op("kernel_rows"), []int64{25, out * in}))
	sum := op.MatMul(s.Op("kernel_sums"), op.Const(s.Op("taken"), mean), flat)
	sum = op.Reshape(s.Op("kernel_split"), sum, op.Const(s.Op("kernel_parts"), []int64{4, 4, out, in}))
	return op.Transpose(s.Op("kernel_moved"), sum, op.Const(s.Op("kernel_order"), []int32{0, 1, 3, 2}))
}

// applyPooled is the mean of each 4x4 block of the layer's output on x [B,H,W,C],
// [B,H/2,W/2,Out], without the bias: a convolution of stride 2, since both are linear. The
// layer must fit phases, and H and W be even.
func (l ConvTranspose) applyPooled(s *Scope, x, w tf.Output, in []int64) tf.Output {
	return op.Conv2D(s.Op("conv"), x, pooledKernel(s, w, int64(l.Out), in[3]), []int64{1, 2, 2, 1}, "SAME")
}
