package savedmodel_test

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// Moving statistics of batch norm are not trained, and all else that is trained has a
// gradient.
func TestStatistics(t *testing.T) {
	for _, name := range []string{"keras2", "keras3_export", "keras3_saved"} {
		n := open(t, folder(t, name), imported.Options{})
		im := n.Signature().Input
		net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
			in := b.Input("images", tf.Float, -1, int64(im.H), int64(im.W), int64(im.C))
			s := b.Pass("p", graphs.Inference)
			scores := n.Declare(s.In("file"), in.Value, imported.Scores)[0]
			loss := op.Sum(s.Op("loss"), op.Square(s.Op("square"), scores), op.Const(s.Op("axes"), []int32{0, 1}))
			var trained []tf.Output
			for _, v := range b.Variables().All(graphs.Trainable) {
				trained = append(trained, v.Read)
			}
			graphs.Gradients(s, loss, trained...)
			return b.Err()
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		statistics := 0
		for _, v := range net.Vars.All(graphs.Statistic) {
			statistics++
			if !strings.Contains(v.Path, "moving_") {
				t.Errorf("%s: %s is not trained", name, v.Path)
			}
		}
		if statistics != 2 && name == "keras2" {
			t.Errorf("%s: %d statistics", name, statistics)
		}
		net.Close()
	}
}
