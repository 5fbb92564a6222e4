package attacks_test

import (
	"fmt"

	"unwarp/attacks"
	_ "unwarp/attacks/library"
)

func ExampleParse() {
	a, err := attacks.Parse("pgd(steps=20, restarts=5, eps=8/255 .1)")
	if err != nil {
		panic(err)
	}
	fmt.Println(attacks.About(a).Title, "by", attacks.About(a).Paper)
	fmt.Println(attacks.Text(a))
	_, err = attacks.Parse("pgd(step=20)")
	fmt.Println(err)
	// Output:
	// PGD by Madry, Makelov, Schmidt, Tsipras and Vladu 2018
	// pgd(steps=20,restarts=5,eps=0.03137255 0.1)
	// attack "pgd(step=20)": unknown key "step", want one of alpha, budget, eot, eps, gradient, loss, quantile, restarts, seed, start, steps, target, temperature
}

func ExampleEnsemble() {
	list, _ := attacks.Ensemble("standard")
	fmt.Println(list)
	// Output: [apgd apgd-t fab(targets=9) square(short=true)]
}

func ExampleStepper() {
	a, _ := attacks.Parse("bim(preset=kurakin)")
	p := a.(attacks.Stepper).Plan(8./255, attacks.Linf)
	fmt.Printf("%d steps of %.4f from the clean image: %v\n", p.Steps, p.Size, p.CleanStart)
	// Output: 10 steps of 0.0039 from the clean image: true
}

func ExampleThreat_Project() {
	t := attacks.Threat{Norm: attacks.L2, Lo: 0, Hi: 1}
	clean, x := []float32{.5, .5}, []float32{.5 + .6, .5 + .8}
	t.Project(x, clean, .5)
	fmt.Printf("%.2f at distance %.2f\n", x, attacks.L2.Distance(x, clean))
	// Output: [0.80 0.90] at distance 0.50
}

func ExampleEvaluation_RobustCount() {
	found := func(d attacks.Distance) attacks.ImageResult {
		return attacks.ImageResult{Done: true, Distance: d, ThreatDistance: d}
	}
	ev := attacks.Evaluation{
		Norm: attacks.Linf, Images: 3, Pixels: 1, Labels: []int32{0, 1, 1}, Clean: []int32{0, 1, 0},
		Attacks: []attacks.AttackResult{
			{Name: "fgsm", Results: []attacks.ImageResult{found(.2), found(attacks.NoDistance), {}}},
			{Name: "pgd", Results: []attacks.ImageResult{found(.1), found(.3), {}}},
		},
	}
	for _, eps := range []float32{.05, .15, .3} {
		fmt.Printf("eps %.2f: %d of %d images correct under all attacks\n", eps, ev.RobustCount(eps), ev.Images)
	}
	// Output:
	// eps 0.05: 2 of 3 images correct under all attacks
	// eps 0.15: 1 of 3 images correct under all attacks
	// eps 0.30: 0 of 3 images correct under all attacks
}
