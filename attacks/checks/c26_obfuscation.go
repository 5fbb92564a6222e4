package checks

import (
	"context"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C26", Title: "Obfuscated gradients are detected",
	Threshold: "quantised input, logits times 1000, random noise and a hidden vote fail a check, the plain model none",
	Source:    carlini + "benchmark the attack",
	judge:     judgeSelfTest,
})

// selfTestChecks are cheap checks that run the model directly.
var selfTestChecks = []string{"C10", "C12", "C13", "C21", "C39"}

// judgeSelfTest runs checks on the linear model, plain and behind defences that
// obfuscate its gradient.
func judgeSelfTest(c *checkContext) (verdict, error) {
	v := verdict{status: Pass}
	plain := Defence{"the plain model", func(v attacks.Victim) attacks.Victim { return v }}
	var found []string
	for i, d := range append([]Defence{plain}, ObfuscatedDefences...) {
		failed, err := failedChecks(c.ctx, d)
		if err != nil {
			return v, err
		}
		if isPlain := i == 0; (len(failed) > 0) == isPlain {
			v.status = Fail
			v.advice = "the checks do not distinguish obfuscated gradients from others here: trust none of them"
		}
		if len(failed) == 0 {
			failed = []string{"nothing"}
		}
		found = append(found, d.Name+" by "+strings.Join(failed, ", "))
	}
	v.value = "detected: " + strings.Join(found, "; ")
	return v, nil
}

// failedChecks lists the self-test's checks that fail on the linear model behind
// a defence.
func failedChecks(ctx context.Context, d Defence) ([]string, error) {
	v, weights := newLinearModel()
	images, _ := linearModelImages(weights, 16, attacks.Linf)
	session, err := openSession(d.Wrap(v), attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1}, Attacks()...)
	if err != nil {
		return nil, err
	}
	defer session.Net.Close()
	results, err := Run(ctx, Input{Reference: session, Gradient: session, Images: images, Eps: .1, N: 16, Batch: 16, Only: selfTestChecks}, nil)
	var failed []string
	for _, r := range results {
		if r.Status == Fail {
			failed = append(failed, r.ID)
		}
	}
	return failed, err
}
