package cells

import (
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// proveField bounds the margins over the box of all samples that each pixel can
// reach. A box forgets that neighbours move together, so that it holds more than
// a smooth field can make.
func (s *subject) proveField() error {
	if err := s.breakField(); err != nil || s.isBroken() {
		return err
	}
	v, n := s.victim, len(s.image)
	sampler := newSampler(s.image, v.H, v.W, v.C, s.at)
	box := bounds.Set{Lower: make([]float32, n), Upper: make([]float32, n)}
	most := s.at.Field + sampler.slack()
	each(v.H, func(y int) {
		for i := y * v.W * v.C; i < (y+1)*v.W*v.C; i++ {
			x := i / v.C % v.W
			r := sampler.values(around(float64(x), most), around(float64(y), most), i%v.C)
			box.Lower[i], box.Upper[i] = r.outwards()
		}
	})
	verdicts, err := s.verifier.Verify(s.ctx, s.net, bounds.Query{Images: s.image, Labels: []int32{s.label}, Sets: []bounds.Set{box}})
	if err != nil {
		return err
	}
	found := verdicts[0]
	least := float64(found.Least(int(s.label)))
	s.result.Lower, s.result.Domains = &least, max(found.Domains, 1)
	s.result.Method = string(found.Method)
	if found.Overflow {
		s.result.Note = overflowed
	}
	if found.Status == bounds.Proven {
		s.result.Status = certify.Proven
	}
	return nil
}

// slopeOps are the gradient of the lead of another class over the label.
type slopeOps struct {
	images, labels graphs.Input
	gradient       tf.Output // [B,H,W,C]
}

// declareSlope adds a pass whose gradient leads to errors.
func declareSlope(b *graphs.Builder, v attacks.Victim) (*slopeOps, error) {
	ops := &slopeOps{
		images: b.Input("cells_slope_images", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C)),
		labels: b.Input("cells_slope_labels", tf.Int32, -1),
	}
	s := b.Pass("cells_slope", graphs.Inference, v.Pass...)
	z := v.Logits(s, ops.images.Value)
	if !s.OK() {
		return nil, b.Err()
	}
	scalar := func(x float32) tf.Output { return op.Const(s.Op("scalar"), x) }
	own := op.OneHot(s.Op("label"), ops.labels.Value, op.Const(s.Op("classes"), int32(v.Classes)), scalar(1), scalar(0))
	axis := op.Const(s.Op("axis"), int32(1))
	others := op.Sub(s.Op("others"), z, op.Mul(s.Op("far"), own, scalar(1e9)))
	lead := op.Sub(s.Op("lead"), op.Max(s.Op("best"), others, axis), op.Sum(s.Op("logit"), op.Mul(s.Op("own"), z, own), axis))
	if g := graphs.Gradients(s, lead, ops.images.Value); s.OK() {
		ops.gradient = g[0]
	}
	return ops, b.Err()
}

// gradientOf is the gradient at one image.
func (s *subject) gradientOf(image []float32) ([]float32, error) {
	v := s.victim
	x, err := graphs.NewBuffer(tf.Float, 1, int64(v.H), int64(v.W), int64(v.C))
	if err != nil {
		return nil, err
	}
	y, err := graphs.NewBuffer(tf.Int32, 1)
	if err != nil {
		return nil, err
	}
	copy(x.Float32(), image)
	y.Int32()[0] = s.label
	out, err := s.net.Run(graphs.Feeds{s.slope.images.Feed: x.Tensor, s.slope.labels.Feed: y.Tensor}, []tf.Output{s.slope.gradient})
	if err != nil {
		return nil, err
	}
	return graphs.Floats(nil, out[0]), nil
}

// fieldSteps are the steps of breakField. Few are enough where an example is
// easily found; attacks of their own look harder.
const fieldSteps = 10

// breakField looks for an example: moves of the whole image, and where the field
// need not be smooth, displacements of each pixel along the gradient. Between
// the lines of the grid samples are linear along each side, so that the best
// displacement reaches a line or its limit.
func (s *subject) breakField() error {
	v := s.victim
	field := make([]float32, 2*v.H*v.W)
	x := make([]float32, len(s.image))
	try := func() error {
		s.at.ApplyField(x, s.image, field, v.H, v.W, v.C)
		wrong, err := s.verifier.Misclassified(s.net, x, []int32{s.label})
		if err == nil && wrong[0] {
			s.broken(x, float64s(field))
		}
		return err
	}
	for _, move := range grid([]float64{s.at.Field, s.at.Field}, 25) {
		for i := range field {
			field[i] = float32(move[i%2])
		}
		if err := try(); err != nil || s.isBroken() {
			return err
		}
	}
	if s.at.Smooth > 0 {
		return nil
	}
	copy(x, s.image)
	for range fieldSteps {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		g, err := s.gradientOf(x)
		if err != nil {
			return err
		}
		s.follow(field, g)
		if err := try(); err != nil || s.isBroken() {
			return err
		}
	}
	return nil
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// follow writes to field the displacements that make the most of a gradient.
func (s *subject) follow(field, g []float32) {
	v := s.victim
	sampler := newSampler(s.image, v.H, v.W, v.C, s.at)
	each(v.H, func(y int) {
		for x := range v.W {
			i, best := y*v.W+x, math.Inf(-1)
			for _, dy := range stops(s.at.Field) {
				for _, dx := range stops(s.at.Field) {
					var gain float64
					for k := range v.C {
						gain += float64(g[i*v.C+k]) * sampler.value(float64(x)+dx, float64(y)+dy, k)
					}
					if gain > best {
						best, field[2*i], field[2*i+1] = gain, float32(dx), float32(dy)
					}
				}
			}
		}
	})
}

// stops are the displacements at which a sample can be least or largest: whole
// ones and the limits.
func stops(limit float64) []float64 {
	out := []float64{-limit, limit}
	for d := -math.Floor(limit); d <= limit; d++ {
		out = append(out, d)
	}
	return out
}
