package trainer

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
)

// signPhoto is the signature that takes an image file.
const signPhoto = "serve_image"

// photoProbabilities is the output of signPhoto that is compared with the trained model.
const photoProbabilities = "class_probabilities"

// labelsAsset is the file of an export with the names of the classes, one a line.
const labelsAsset = "labels.txt"

// takesPhotos tells whether an export can have [signPhoto]: the preparation of its images consists of what
// image files go through, and leaves nothing to the augmentation.
func (g *TrainGraph) takesPhotos() bool {
	return pipelines.CheckPhotoShape(g.Shape) == nil && g.Config.Augment.ForEvaluation().String() == ""
}

// photoEndpoints adds the signature that takes the content of an image file, JPEG, PNG, GIF or BMP, as a
// scalar string, and does what the pipeline does with files, except that TensorFlow has no op for the EXIF tag:
// the square in the middle, resized by a tent filter as wide as the reduction, in bytes.
func (x *exported) photoEndpoints(b *graphs.Builder, s *graphs.Scope, g *TrainGraph) []endpoint {
	size := int32(g.Shape.H)
	x.photo = b.AddNamedOp("image_file", tf.OpSpec{Type: "Placeholder", Attrs: map[string]any{"dtype": tf.String, "shape": tf.ScalarShape()}}).Output(0)
	pixels := decodePhoto(s, x.photo, g.Shape.C)
	// Its ops do not know the number of dimensions, which the resize wants.
	shape := op.Shape(s.Op("shape"), pixels)
	batch := op.ExpandDims(s.Op("batch"), op.Cast(s.Op("float"), pixels, tf.Float), op.Const(s.Op("first"), int32(0)))
	scale, shift := photoPlacement(s, shape, size)
	resize := s.Op("square").AddOperation(tf.OpSpec{ // graft has no function for it
		Type: "ScaleAndTranslate", Attrs: map[string]any{"kernel_type": "triangle", "antialias": true},
		Input: []tf.Input{batch, op.Const(s.Op("size"), []int32{size, size}), scale, shift},
	})
	if !s.OK() || resize == nil {
		return nil
	}
	square := op.EnsureShape(s.Op("shaped"), resize.Output(0), tf.MakeShape(1, int64(g.Shape.H), int64(g.Shape.W), int64(g.Shape.C)))
	rounded := op.Round(s.Op("bytes"), op.ClipByValue(s.Op("clipped"), square, op.Const(s.Op("black"), float32(0)), op.Const(s.Op("white"), float32(255))))
	images := op.Div(s.Op("scaled"), rounded, op.Const(s.Op("range"), float32(255)))

	p := op.Squeeze(s.Op("row"), op.Softmax(s.Op("softmax"), g.Model.Classify(s, images).Logits), op.SqueezeAxis([]int64{0}))
	label := op.ArgMax(s.Op("label"), p, op.Const(s.Op("axis"), int32(0)))
	name := op.GatherV2(s.Op("name"), op.Const(s.Op("names"), g.classTitles()), label, op.Const(s.Op("along"), int32(0)))
	return []endpoint{{signPhoto, "class", name}, {signPhoto, "class_label", label}, {signPhoto, photoProbabilities, p}}
}

// decodePhoto decodes an image file, a scalar string, to pixels uint8 [H,W,C]. Colours of a JPEG file are decoded as the
// pipeline's decoder does it: those stored at half the size are repeated, not interpolated, and the cosine transform is
// accurate. DecodeImage can be told neither, and its pixels are then off by up to 30 of 255.
func decodePhoto(s *graphs.Scope, file tf.Output, channels int) tf.Output {
	const start = "\xff\xd8" // of a JPEG file
	head := op.Substr(s.Op("head"), file, op.Const(s.Op("at"), int32(0)), op.Const(s.Op("bytes_of_head"), int32(len(start))))
	isJPEG := op.Equal(s.Op("is_jpeg"), head, op.Const(s.Op("jpeg"), start))
	other, jpeg := op.Switch(s.Op("kind"), file, isJPEG)
	pixels, _ := op.Merge(s.Op("decoded"), []tf.Output{
		op.DecodeImage(s.Op("image"), other, op.DecodeImageChannels(int64(channels)), op.DecodeImageDtype(tf.Uint8), op.DecodeImageExpandAnimations(false)),
		op.DecodeJpeg(s.Op("photo"), jpeg, op.DecodeJpegChannels(int64(channels)), op.DecodeJpegFancyUpscaling(false), op.DecodeJpegDctMethod("INTEGER_ACCURATE")),
	})
	return pixels
}

// photoPlacement is how [op.ScaleAndTranslate] takes the square in the middle of an image [H,W,C]: an odd remainder
// leaves its smaller half first, as in the pipeline.
func photoPlacement(s *graphs.Scope, shape tf.Output, size int32) (scale, shift tf.Output) {
	sides := op.Slice(s.Op("sides"), shape, op.Const(s.Op("from"), []int32{0}), op.Const(s.Op("two"), []int32{2}))
	least := op.Min(s.Op("least"), sides, op.Const(s.Op("over"), []int32{0}))
	start := op.FloorDiv(s.Op("start"), op.Sub(s.Op("rest"), sides, least), op.Const(s.Op("half"), int32(2)))
	factor := op.Div(s.Op("factor"), op.Const(s.Op("side"), float32(size)), op.Cast(s.Op("least_float"), least, tf.Float))
	scale = op.Mul(s.Op("scale"), op.OnesLike(s.Op("ones"), op.Cast(s.Op("sides_float"), sides, tf.Float)), factor)
	shift = op.Neg(s.Op("shift"), op.Mul(s.Op("start_scaled"), op.Cast(s.Op("start_float"), start, tf.Float), factor))
	return scale, shift
}

// classTitles are the names of the classes, or their labels.
func (g *TrainGraph) classTitles() []string {
	names := make([]string, g.Model.Classes)
	for i := range names {
		names[i] = fmt.Sprint(i)
		if i < len(g.ClassNames) {
			names[i] = g.ClassNames[i]
		}
	}
	return names
}

// writeLabels writes the names of the classes as an asset.
func (g *TrainGraph) writeLabels(to *files.Pending) error {
	if err := os.Mkdir(filepath.Join(to.Path, assetsDir), 0o777); err != nil {
		return err
	}
	return to.Write(filepath.Join(assetsDir, labelsAsset), []byte(strings.Join(g.ClassNames, "\n")+"\n"))
}

// comparePhoto compares [signPhoto] of the SavedModel in dir with what net computes of the same pixels, which come in a
// PNG file of the model's size.
func (g *TrainGraph) comparePhoto(net *graphs.Net, dir string, tolerance float64) error {
	file, pixels, err := g.randomPhoto()
	if err != nil {
		return err
	}
	want, err := g.liveOutputs(net, pixels)
	if err != nil {
		return err
	}
	content, err := tf.NewTensor(string(file))
	if err != nil {
		return err
	}
	spread, err := g.spreadOfDraws(net, pixels, want)
	if err != nil {
		return err
	}
	tolerance += beyondDraws * spread["probabilities"]
	got, err := loadedOutputs(net, dir, []endpoint{{signature: signPhoto, name: photoProbabilities}}, content)
	if err != nil {
		return fmt.Errorf("the files do not load back: %s: %w: nothing was exported", signPhoto, graphs.FirstLine(err))
	}
	if d, _ := largestDifference(want["probabilities"], got[photoProbabilities]); !(d <= tolerance) {
		return fmt.Errorf("the files do not compute what the trained model computes: %s: want a difference of at most %.3g, got %.3g: nothing was exported: please report this with the run's configuration", signPhoto, tolerance, d)
	}
	return nil
}

// randomPhoto is a PNG file of random pixels, and the same pixels as the model takes them.
func (g *TrainGraph) randomPhoto() (file []byte, pixels *tf.Tensor, err error) {
	b, err := g.imageBuffer(tf.Float, 1)
	if err != nil {
		return nil, nil, err
	}
	r := rand.New(rand.NewPCG(3, 4))
	m := image.NewNRGBA(image.Rect(0, 0, g.Shape.W, g.Shape.H))
	for i := range g.Shape.H * g.Shape.W {
		grey := uint8(r.Uint32())
		for c := range 3 {
			v := grey
			if g.Shape.C == 3 {
				v = uint8(r.Uint32())
			}
			m.Pix[4*i+c] = v
			b.Float32()[i*g.Shape.C+c%g.Shape.C] = float32(v) / 255
		}
		m.Pix[4*i+3] = 255
	}
	var out bytes.Buffer
	err = png.Encode(&out, m)
	return out.Bytes(), b.Tensor, err
}
