package trainer

import (
	"math"
	"strings"
	"testing"

	"unwarp/graphs"
)

// Every value that cannot work is refused in one line that opens with its key
// and holds what came.
func TestConfigCheck(t *testing.T) {
	if err := DefaultConfig().Check(); err != nil {
		t.Fatal(err)
	}
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		key, got string
		spoil    func(c *Config)
	}{
		{"train.batch", "0", func(c *Config) { c.Batch = 0 }},
		{"train.batch", "-1", func(c *Config) { c.Batch = -1 }},
		{"train.duration", "0st", func(c *Config) { c.Duration = Duration{} }},
		{"train.duration", "5%", func(c *Config) { c.Duration = mustDuration(t, "5%") }},
		{"train.workers", "-1", func(c *Config) { c.Workers = -1 }},
		{"train.average", "-0.1", func(c *Config) { c.Average = -.1 }},
		{"train.average", "1", func(c *Config) { c.Average = 1 }},
		{"train.average", "NaN", func(c *Config) { c.Average = float32(nan) }},
		{"train.objective.lambda", "-1", func(c *Config) { c.Objective.Lambda = -1 }},
		{"train.objective.lambda", "NaN", func(c *Config) { c.Objective.Lambda = float32(nan) }},
		{"train.objective.lambda", "+Inf", func(c *Config) { c.Objective.Lambda = float32(inf) }},
		{"train.objective.gamma", "-1", func(c *Config) { c.Objective.Gamma = -1 }},
		{"train.objective.gamma", "+Inf", func(c *Config) { c.Objective.Gamma = float32(inf) }},
		{"train.objective.input_gradient", "-1", func(c *Config) { c.Objective.InputGradient = -1 }},
		{"train.objective.input_gradient", "+Inf", func(c *Config) { c.Objective.InputGradient = float32(inf) }},
		{"train.objective.input_gradient", "trades", func(c *Config) {
			c.Objective.InputGradient, c.Adversary = 1, mustAdversary(t, "trades(eps=.3)")
		}},
		{"train.objective.input_gradient", "free", func(c *Config) {
			c.Objective.InputGradient, c.Adversary = 1, mustAdversary(t, "free(eps=.3)")
		}},
		{"train.objective.temperature", "0", func(c *Config) { c.Objective.Temperature = 0 }},
		{"train.objective.temperature", "NaN", func(c *Config) { c.Objective.Temperature = float32(nan) }},
		{"train.objective.temperature", "20", func(c *Config) {
			c.Objective.Temperature, c.Adversary = 20, mustAdversary(t, "trades(eps=.3)")
		}},
		{"train.objective.lambda_ramp", "loss=training", func(c *Config) {
			c.Objective.LambdaRamp, c.Adversary = mustDuration(t, "2ep"), mustAdversary(t, "pgd(eps=.3,loss=training)")
		}},
		{"train.objective.norm", `"l3"`, func(c *Config) { c.Objective.Norm = "l3" }},
		{"train.objective.norm", `""`, func(c *Config) { c.Objective.Norm = "" }},
		{"train.optimizer.name", `"lion"`, func(c *Config) { c.Optimizer.Name = "lion" }},
		{"train.optimizer.beta1", "1", func(c *Config) { c.Optimizer.Beta1 = 1 }},
		{"train.optimizer.beta2", "-0.5", func(c *Config) { c.Optimizer.Beta2 = -.5 }},
		{"train.optimizer.beta2", "NaN", func(c *Config) { c.Optimizer.Beta2 = float32(nan) }},
		{"train.optimizer.epsilon", "0", func(c *Config) { c.Optimizer.Epsilon = 0 }},
		{"train.optimizer.epsilon", "+Inf", func(c *Config) { c.Optimizer.Epsilon = float32(inf) }},
		{"train.optimizer.momentum", "1", func(c *Config) { c.Optimizer.Momentum = 1 }},
		{"train.optimizer.weight_decay", "-1", func(c *Config) { c.Optimizer.Decay = -1 }},
		{"train.optimizer.weight_decay", "NaN", func(c *Config) { c.Optimizer.Decay = float32(nan) }},
		{"train.optimizer.clip_norm", "-1", func(c *Config) { c.Optimizer.Clip = -1 }},
		{"train.optimizer.clip_norm", "+Inf", func(c *Config) { c.Optimizer.Clip = float32(inf) }},
		{"train.schedule.name", `"linear"`, func(c *Config) { c.Schedule.Name = "linear" }},
		{"train.schedule.rate", "0", func(c *Config) { c.Schedule.Rate = 0 }},
		{"train.schedule.rate", "NaN", func(c *Config) { c.Schedule.Rate = nan }},
		{"train.schedule.rate", "+Inf", func(c *Config) { c.Schedule.Rate = inf }},
		{"train.schedule.floor", "-1", func(c *Config) { c.Schedule.Floor = -1 }},
		{"train.schedule.floor", "0.5", func(c *Config) { c.Schedule.Floor = .5 }},
		{"train.schedule.floor", "NaN", func(c *Config) { c.Schedule.Floor = nan }},
		{"train.schedule.at, factor", "[]", func(c *Config) { c.Schedule.Name = "steps" }},
		{"train.schedule.factor", "2", func(c *Config) {
			c.Schedule.Name, c.Schedule.At, c.Schedule.Factor = "steps", []Duration{mustDuration(t, "1ep")}, 2
		}},
		{"train.schedule.factor", "NaN", func(c *Config) {
			c.Schedule.Name, c.Schedule.At, c.Schedule.Factor = "steps", []Duration{mustDuration(t, "1ep")}, nan
		}},
	} {
		config := DefaultConfig()
		c.spoil(&config)
		err := config.Check()
		if err == nil {
			t.Errorf("%s: %s passes", c.key, c.got)
			continue
		}
		text := err.Error()
		if !strings.HasPrefix(text, c.key+": want ") || !strings.Contains(text, "got ") || !strings.Contains(text[strings.Index(text, "got "):], c.got) || strings.Contains(text, "\n") {
			t.Errorf("want %s: want …, got … %s, got %q", c.key, c.got, text)
		}
		// Declare asks before it builds anything.
		if _, err := Declare(nil, config, graphs.Disentangled{}, littleShape); err == nil || err.Error() != text {
			t.Errorf("%s: Declare says %v", c.key, err)
		}
		if _, err := DeclareInference(nil, config, graphs.Disentangled{}, littleShape); err == nil || err.Error() != text {
			t.Errorf("%s: DeclareInference says %v", c.key, err)
		}
	}
}

// Codes that a model does not have are refused before it is built; what goes
// together passes.
func TestConfigCheckModel(t *testing.T) {
	for _, c := range []struct {
		kind, adversary string
		refused         bool
	}{
		{"base", "fgsm(eps=.3,codes=1,of=appearance)", true},
		{"reconstruction", "fgsm(eps=.3,codes=1,of=geometry)", true},
		{"disentangled", "fgsm(eps=.3,codes=1,of=geometry)", false},
		{"base", "trades(eps=.3,codes=1)", false},
		{"base", "", false},
	} {
		config := DefaultConfig()
		config.Adversary = mustAdversary(t, c.adversary)
		err := config.CheckModel(littleModel(c.kind))
		if (err != nil) != c.refused {
			t.Errorf("%s, %s: got %v", c.kind, c.adversary, err)
		}
		if !c.refused {
			continue
		}
		if _, derr := Declare(nil, config, littleModel(c.kind), littleShape); derr == nil || derr.Error() != err.Error() {
			t.Errorf("%s, %s: Declare says %v", c.kind, c.adversary, derr)
		}
	}
	c := DefaultConfig()
	c.Objective.InputGradient, c.Objective.Temperature, c.Adversary = .1, 20, mustAdversary(t, "pgd(eps=.3)")
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	c.Objective.LambdaRamp, c.Objective.InputGradient, c.Adversary = mustDuration(t, "10%"), 0, mustAdversary(t, "free(eps=.3,loss=training)")
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}
