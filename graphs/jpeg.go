package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// JPEG is what compression to baseline JPEG and decompression make of images in
// [0,1] (Dziugaite, Ghahramani and Roy 2016; Guo et al. 2018 take quality 75):
// rounding to bytes, for three channels YCbCr, the cosine transform of blocks of
// 8x8 pixels, coefficients rounded to multiples of libjpeg's tables, and back.
// Images of other than three channels are compressed channel by channel as grey
// ones. Entropy coding loses nothing and is left out. Decoders differ by one or
// two of 255, since they round inside; colours of half resolution are repeated,
// not interpolated.
type JPEG struct {
	Quality int    `key:"quality" default:"75" in:"[1,100]" help:"1 to 100, as libjpeg scales its tables"`
	Chroma  string `key:"chroma" oneof:"420 444" default:"420" help:"resolution of colours: half in both directions, or full"`
}

// Apply compresses images [B,H,W,C] and decompresses them.
func (t JPEG) Apply(s *Scope, images tf.Output) tf.Output {
	d, ok := s.Dims(images, 4, "images [B,H,W,C] with known sizes")
	if !ok {
		return tf.Output{}
	}
	x := op.Round(s.Op("bytes"), op.Mul(s.Op("from_unit"), images, op.Const(s.Op("byte"), float32(255))))
	if d[3] == 3 {
		x = t.compressColour(s, x, int(d[1]), int(d[2]))
	} else {
		x = t.compressGrey(s, x, d)
	}
	return op.Div(s.Op("to_unit"), x, op.Const(s.Op("whole"), float32(255)))
}

// compressGrey compresses each channel of x [B,H,W,C], values 0 to 255.
func (t JPEG) compressGrey(s *Scope, x tf.Output, d []int64) tf.Output {
	h, w, c := int32(d[1]), int32(d[2]), int32(d[3])
	apart := op.Const(s.Op("apart"), []int32{0, 3, 1, 2})
	planes := op.Reshape(s.Op("planes"), op.Transpose(s.Op("channels_first"), x, apart), op.Const(s.Op("flat"), []int32{-1, h, w}))
	planes = t.compress(s.In("grey"), planes, int(h), int(w), luminance)
	planes = op.Reshape(s.Op("joined"), planes, op.Const(s.Op("shape"), []int32{-1, c, h, w}))
	return op.Transpose(s.Op("channels_last"), planes, op.Const(s.Op("together"), []int32{0, 2, 3, 1}))
}

// compressColour compresses x [B,H,W,3], RGB of 0 to 255.
func (t JPEG) compressColour(s *Scope, x tf.Output, h, w int) tf.Output {
	apart := op.Split(s.Op("apart"), op.Const(s.Op("axis"), int32(3)), colours(s, "ycc", x, toYCbCr, 128), 3)
	if !s.OK() {
		return tf.Output{}
	}
	for k, name := range []string{"y", "cb", "cr"} {
		s := s.In(name)
		plane := op.Squeeze(s.Op("plane"), op.Round(s.Op("whole"), apart[k]), op.SqueezeAxis([]int64{3}))
		switch {
		case k == 0:
			plane = t.compress(s, plane, h, w, luminance)
		case t.Chroma == "444":
			plane = t.compress(s, plane, h, w, chrominance)
		default:
			plane = t.compressHalf(s, plane, h, w)
		}
		apart[k] = op.ExpandDims(s.Op("channel"), plane, op.Const(s.Op("last"), int32(3)))
	}
	together := op.ConcatV2(s.Op("together"), apart, op.Const(s.Op("joint_axis"), int32(3)))
	return clipBytes(s, colours(s, "rgb", together, toRGB, -128))
}

// compressHalf compresses colours [N,h,w] at half their resolution.
func (t JPEG) compressHalf(s *Scope, plane tf.Output, h, w int) tf.Output {
	half := op.Round(s.Op("half"), bothSides(s.In("average"), plane, halving(h), halving(w)))
	half = t.compress(s, half, (h+1)/2, (w+1)/2, chrominance)
	return bothSides(s.In("repeat"), half, doubling(h), doubling(w))
}

// compress rounds the coefficients of planes [N,h,w], 0 to 255.
func (t JPEG) compress(s *Scope, planes tf.Output, h, w int, table [64]int) tf.Output {
	middle := op.Const(s.Op("middle"), float32(128))
	x := bothSides(s.In("forward"), op.Sub(s.Op("centred"), planes, middle), cosines(h), cosines(w))
	steps := op.Const(s.Op("steps"), tiled(scaleTable(table, t.Quality), blocked(h), blocked(w)))
	x = op.Mul(s.Op("coefficients"), op.Round(s.Op("round"), op.Div(s.Op("counts"), x, steps)), steps)
	x = bothSides(s.In("backward"), x, transposed(inverseCosines(h)), transposed(inverseCosines(w)))
	return clipBytes(s, op.AddV2(s.Op("back"), x, middle))
}

// clipBytes rounds to whole numbers of 0 to 255.
func clipBytes(s *Scope, x tf.Output) tf.Output {
	x = op.Round(s.Op("rounded"), x)
	return op.Minimum(s.Op("most"), op.Maximum(s.Op("least"), x, op.Const(s.Op("black"), float32(0))), op.Const(s.Op("white"), float32(255)))
}

// colours multiplies the three channels by m and adds shift to the two colours:
// after it where it is positive, before it where not.
func colours(s *Scope, name string, x tf.Output, m [3][3]float32, shift float32) tf.Output {
	s = s.In(name)
	offset := op.Const(s.Op("offset"), []float32{0, shift, shift})
	if shift < 0 {
		x = op.AddV2(s.Op("centred"), x, offset)
	}
	flat := op.Reshape(s.Op("pixels"), x, op.Const(s.Op("three"), []int32{-1, 3}))
	y := op.MatMul(s.Op("mixed"), flat, op.Const(s.Op("matrix"), m), op.MatMulTransposeB(true))
	if shift > 0 {
		y = op.AddV2(s.Op("shifted"), y, offset)
	}
	return op.Reshape(s.Op("shaped"), y, op.Shape(s.Op("shape"), x))
}

// JFIF's conversion of colours.
var (
	toYCbCr = [3][3]float32{{.299, .587, .114}, {-.168736, -.331264, .5}, {.5, -.418688, -.081312}}
	toRGB   = [3][3]float32{{1, 0, 1.402}, {1, -.344136, -.714136}, {1, 1.772, 0}}
)

// bothSides is left·x·rightᵀ for each plane of x [N,h,w]: left is [h',h] and
// right [w',w].
func bothSides(s *Scope, x tf.Output, left, right [][]float32) tf.Output {
	h2, h, w2, w := int32(len(left)), int32(len(left[0])), int32(len(right)), int32(len(right[0]))
	swap := op.Const(s.Op("swap"), []int32{0, 2, 1})
	rows := op.Reshape(s.Op("rows"), x, op.Const(s.Op("row"), []int32{-1, w}))
	x = op.MatMul(s.Op("along"), rows, op.Const(s.Op("right"), right), op.MatMulTransposeB(true))
	x = op.Transpose(s.Op("turned"), op.Reshape(s.Op("planes"), x, op.Const(s.Op("plane"), []int32{-1, h, w2})), swap)
	columns := op.Reshape(s.Op("columns"), x, op.Const(s.Op("column"), []int32{-1, h}))
	x = op.MatMul(s.Op("down"), columns, op.Const(s.Op("left"), left), op.MatMulTransposeB(true))
	return op.Transpose(s.Op("back"), op.Reshape(s.Op("both"), x, op.Const(s.Op("turned_plane"), []int32{-1, w2, h2})), swap)
}
