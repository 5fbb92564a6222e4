package checks_test

import (
	"context"
	"fmt"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// Checks that only read an evaluation need no model. Here an attack without
// gradients succeeds on an image on which PGD fails.
func ExampleRun() {
	result := func(name string, family attacks.Family, distances ...attacks.Distance) attacks.AttackResult {
		r := attacks.AttackResult{Attack: name, Name: name, Family: family, Norm: attacks.Linf, Radii: []float32{.1}}
		for _, d := range distances {
			tried := "0"
			if d != attacks.NoDistance {
				tried = "1"
			}
			r.Results = append(r.Results, attacks.ImageResult{Done: true, Distance: d, ThreatDistance: d, Tried: tried})
		}
		return r
	}
	ev := &attacks.Evaluation{
		Norm: attacks.Linf, Radii: []float32{.1}, Images: 3, CleanCorrect: 3,
		Labels: []int32{0, 1, 2}, Clean: []int32{0, 1, 2}, Index: []int{40, 41, 42},
		Attacks: []attacks.AttackResult{
			result("pgd", attacks.WhiteBox, .1, attacks.NoDistance, attacks.NoDistance),
			result("square", attacks.Score, .1, .1, attacks.NoDistance),
		},
	}
	results, err := checks.Run(context.Background(), checks.Input{Evaluation: ev, Only: []string{"C07", "C10", "C31"}}, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, r := range results {
		fmt.Println(r.Status, r.ID, r.Title, r.Images)
		fmt.Println(r.Value)
	}
	// Output:
	// WARN C07 White-box attacks find what black-box attacks find [41]
	// at eps 0.1 square succeed without the model's gradient where white-box attacks fail: 1 of 3 (33.3 %, 95 % interval 6.1–79.2)
	// SKIP C10 Gradients are not zero []
	// there is no model to run
	// WARN C31 Enough images []
	// 3 images; correct without attack 3 of 3 (100.0 %, 95 % interval 43.9–100.0); under attack at eps 0.1 1 of 3 (33.3 %, 95 % interval 6.1–79.2)
}
