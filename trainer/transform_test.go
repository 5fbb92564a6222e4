package trainer

import (
	"strings"
	"testing"

	"unwarp/graphs"
)

// What needs bounds is refused beside a spatial transformer, which has none.
func TestSpatialTransformerRefused(t *testing.T) {
	model := graphs.DefaultModel()
	model.SpatialTransformer = "affine"
	m, err := model.Build(10)
	if err != nil {
		t.Fatal(err)
	}
	certified, err := ParseCertified("ibp(eps=.1)")
	if err != nil {
		t.Fatal(err)
	}
	verified, err := ParseVerification("ibp(eps=.1)")
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"":                func(*Config) {},
		"train.certified": func(c *Config) { c.Certified = certified },
		"train.verified":  func(c *Config) { c.Verified = verified },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.CheckModel(m); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want+": want model.spatial_transformer=none") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// What follows the gradient of the images is refused where a transform has none.
func TestTransformRefused(t *testing.T) {
	model := graphs.DefaultModel()
	model.Transform = "bits(depth=3)"
	m, err := model.Build(10)
	if err != nil {
		t.Fatal(err)
	}
	adversary, err := ParseAdversary("fgsm(eps=.1)")
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"":                               func(*Config) {},
		"train.adversary":                func(c *Config) { c.Adversary = adversary },
		"train.objective.input_gradient": func(c *Config) { c.Objective.InputGradient = 1 },
		"train.objective.swap":           func(c *Config) { c.Objective.Swap = Swap{SwapWeights{1, 1, 1}} },
		"train.attacked":                 func(c *Config) { c.Attacked = ValidationAttack{Norm: "linf", Eps: .1, Steps: 2} },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.CheckModel(m); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want+": want model.transform=none") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
