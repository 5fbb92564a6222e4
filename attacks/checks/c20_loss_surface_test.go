package checks

import (
	"bytes"
	"image/png"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// A fine ripple on the input makes the loss vary from point to point.
func TestUnstableLoss(t *testing.T) {
	ripple := wrapNet(func(s *graphs.Scope, x tf.Output) tf.Output {
		fast := op.Sin(s.Op("sin"), op.Mul(s.Op("fast"), x, op.Const(s.Op("frequency"), float32(400))))
		return op.AddV2(s.Op("rippled"), x, graphs.Weighted(s, .15, fast))
	}, identity)
	all := checkModel(t, ripple, nil, "C19", "C20")
	expect(t, all["C19"], Warn)
	expect(t, all["C20"], Warn)
	shown := 0
	all = checkModel(t, plainNet().victim(0), func(in *Input) {
		in.OnSurface = func(s LossSurface) {
			shown++
			var raw bytes.Buffer
			if err := s.PNG(&raw); err != nil {
				t.Error(err)
			}
			if img, err := png.Decode(&raw); err != nil || img.Bounds().Dx() != 8*SurfaceSide {
				t.Errorf("picture: %v", err)
			}
			if mid := s.Margin[SurfaceSide/2][SurfaceSide/2]; mid > 0 {
				t.Errorf("image %d: margin %g in the middle, but it is classified correctly", s.Image, mid)
			}
		}
	}, "C19", "C20")
	expect(t, all["C19"], Pass)
	expect(t, all["C20"], Pass)
	if shown != expensiveImages {
		t.Errorf("%d surfaces shown, want %d", shown, expensiveImages)
	}
}
