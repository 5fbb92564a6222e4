package trainer

import (
	"testing"
	"unwarp/graphs"
	"unwarp/pipelines"
	"fmt"
)

func TestExportQuick(t *testing.T) {
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		m := graphs.DefaultModel()
		m.Kind = kind
		model, _ := m.Build(10)
		var plan *Plan
		net, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) (err error) {
			plan, err = Declare(b, DefaultConfig(), model, pipelines.Shape{H: 28, W: 28, C: 1})
			return err
		})
		if err != nil { t.Fatal(err) }
		for _, in := range []string{"float", "uint8"} {
			for _, only := range []bool{false, true} {
				r, err := plan.WriteSavedModel(net, fmt.Sprintf("/tmp/exp/%s-%s-%v", kind, in, only), Export{only, in}, nil)
				if err != nil { t.Fatal(err) }
				t.Logf("%+v", r)
			}
		}
		net.Close()
	}
}
