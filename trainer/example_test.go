package trainer_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// glyphs are n drawn images of 12x12 pixels.
func glyphs(n int) pipelines.Source {
	src, err := pipelines.NewGlyphs(1, "train", n, 12)
	if err != nil {
		log.Fatal(err)
	}
	return src
}

// tinyClassifier declares a base CNN for glyphs, with 5 training steps.
func tinyClassifier(src pipelines.Source) (*trainer.TrainGraph, *graphs.Net) {
	c := trainer.DefaultConfig()
	c.Batch = 8
	if err := c.Duration.UnmarshalText([]byte("5st")); err != nil {
		log.Fatal(err)
	}
	m := graphs.DefaultModel()
	m.Kind, m.Appearance, m.Geometry = "base", 8, 8
	model, err := m.Build(src.Classes())
	if err != nil {
		log.Fatal(err)
	}
	var g *trainer.TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		g, err = trainer.Declare(b, c, model, src.Shape())
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	return g, net
}

// folder is a temporary folder.
func folder() string {
	dir, err := os.MkdirTemp("", "unwarp")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

// A run trains for the configured duration and leaves a checkpoint, from which
// it can be resumed.
func ExampleTrainGraph_Run() {
	src, dir := glyphs(64), folder()
	defer os.RemoveAll(dir)
	g, net := tinyClassifier(src)
	defer net.Close()
	s, err := g.Run(context.Background(), net, trainer.Inputs{Train: src, Validation: glyphs(20), Dir: dir, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Steps, "steps,", s.Images, "images, validated on", s.Validation.Images)

	checkpoints := trainer.Checkpoints{Dir: filepath.Join(dir, trainer.CheckpointsDir)}
	state, err := checkpoints.Load(g, net, trainer.Last)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("checkpoint of step", state.Step)
	// Output:
	// 5 steps, 40 images, validated on 20
	// checkpoint of step 5
}

// An export is a SavedModel. It is loaded back and compared with the trained
// model before it takes its name.
func ExampleTrainGraph_WriteSavedModel() {
	dir := folder()
	defer os.RemoveAll(dir)
	g, net := tinyClassifier(glyphs(64))
	defer net.Close()
	to := filepath.Join(dir, "export")
	r, err := g.WriteSavedModel(net, to, trainer.DefaultExport(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Signatures["serving_default"], r.Differences["logits"] < 1e-5)
	info, err := trainer.ReadExport(to)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Kind, info.Image, info.Classes, "classes")
	// Output:
	// [logits probabilities] true
	// base [12 12 1] 10 classes
}

// The text of a method gives the parameters that differ from their defaults;
// written again it has all of them.
func ExampleParseAdversary() {
	a, err := trainer.ParseAdversary("pgd(eps=8/255,ramp=2ep)")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a)
	fmt.Println(a.Method.(*trainer.PGD).Steps, "gradients per image")
	_, err = trainer.ParseAdversary("pgd(eps=8/255,step=2)")
	fmt.Println(err)
	// Output:
	// pgd(eps=0.03137255,steps=7,alpha=0.011204482,clean=0,loss=classification,norm=linf,ramp=2ep,target=adversarial)
	// 7 gradients per image
	// unknown key "step", want one of alpha, awp, awp_after, clean, codes, eps, loss, norm, of, ramp, steps, target: did you mean "steps"?
}

// A rate that rises for a tenth of the run and then falls to 0 by a cosine.
func ExampleSchedule_Rates() {
	warmup, err := trainer.ParseDuration("10%")
	if err != nil {
		log.Fatal(err)
	}
	s := trainer.Schedule{Name: "cosine", Rate: .1, Warmup: warmup}
	rate := s.Rates(128, 50, 100)
	for _, step := range []int{0, 9, 10, 55, 99} {
		fmt.Printf("step %d: %.4f\n", step, rate(step))
	}
	// Output:
	// step 0: 0.0100
	// step 9: 0.1000
	// step 10: 0.1000
	// step 55: 0.0500
	// step 99: 0.0000
}

// Lengths of training carry their unit; the loop counts steps.
func ExampleDuration_Steps() {
	for _, text := range []string{"2ep", "500st", "5000ex", "5%"} {
		d, err := trainer.ParseDuration(text)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d, "is", d.Steps(100, 60, 1000), "steps")
	}
	// Output:
	// 2ep is 120 steps
	// 500st is 500 steps
	// 5000ex is 50 steps
	// 5% is 50 steps
}
