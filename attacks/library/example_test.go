package library_test

import (
	"context"
	"fmt"
	"log"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
	"unwarp/graphs"
)

// OneStep is an attack that a user adds: one step along the gradient of the
// margin. Its fields are its hyper-parameters.
type OneStep struct {
	attacks.Common
	Share float32 `key:"share" in:"[0,1]" default:"1" help:"size of the step, as a share of eps"`
}

// A real attack adds Battery, its variants in the battery.
var _ = attacks.Register(attacks.Entry{
	Name: "test-one-step", Title: "one step", Paper: "an example", Family: attacks.WhiteBox,
	New: func() attacks.Attack { return new(OneStep) },
})

// Losses has the graph of the margin's gradient declared.
func (a *OneStep) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Margin} }

// Run is called for each image and radius.
func (a *OneStep) Run(o *attacks.Oracle) {
	g := o.AttackLoss(attacks.Margin, o.Image)
	o.Threat.Steepest(g.Gradient, g.Gradient)
	x := make([]float32, len(o.Image))
	vector.AXPY(x, o.Image, a.Share*o.Eps, g.Gradient)
	o.Threat.Project(x, o.Image, o.Eps)
	o.Claim(x) // a separate inference verifies it
}

// An attack is a struct with the methods Losses and Run, and a call of Register.
// It is then known by its name, wherever attacks are listed. Here it attacks a
// classifier of two pixels that predicts class 1 where their sum is above 1.
func Example_addAttack() {
	victim := attacktest.Linear{H: 1, W: 2, C: 1, K: 2, Weights: [][]float32{{0, 0}, {1, 1}}, Bias: []float32{1, 0}}.Victim()
	threat := attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1}
	images := attacks.Images{
		Pixels: []float32{.5, .6, .7, .6, .9, .8, .2, .3}, // the sums are 1.1, 1.3, 1.7 and .5
		Labels: []int32{1, 1, 1, 0},
		Index:  []int{0, 1, 2, 3},
	}
	attack, err := attacks.Parse("test-one-step")
	if err != nil {
		log.Fatal(err)
	}

	// One net holds the victim and what the attack asks for.
	var graph *engine.AttackGraph
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		if graph, err = engine.NewAttackGraph(b, victim, threat); err != nil {
			return err
		}
		return graph.Declare(attack)
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()

	session := engine.Session{Graph: graph, Net: net}
	e, err := engine.NewEngine(session, session, engine.Options{Attacks: []attacks.Attack{attack}, Eps: []float32{.1, .2, .4}, Batch: 4})
	if err != nil {
		log.Fatal(err)
	}
	evaluation, err := e.Run(context.Background(), images, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, eps := range evaluation.Radii {
		fmt.Printf("eps %.1f: %.0f %% correct under attack\n", eps, 100*evaluation.Share(evaluation.RobustCount(eps)))
	}
	// Output:
	// eps 0.1: 75 % correct under attack
	// eps 0.2: 50 % correct under attack
	// eps 0.4: 0 % correct under attack
}

// An attack is written as its name, with the hyper-parameters that differ from
// their defaults in brackets.
func Example_parse() {
	attack, err := attacks.Parse("pgd( restarts=5, steps=100, loss=classification, eps=8/255 )")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(attacks.Text(attack))
	fmt.Println(attacks.About(attack).Title, "of", attacks.About(attack).Paper)
	for _, p := range attacks.Params(attack)[:3] {
		fmt.Printf("%s=%s: %s\n", p.Key, p.Value, p.Help)
	}
	_, err = attacks.Parse("pgd(step=100)")
	fmt.Println(err)
	// Output:
	// pgd(steps=100,restarts=5,eps=0.03137255)
	// PGD of Madry, Makelov, Schmidt, Tsipras and Vladu 2018
	// loss=classification: whose gradient is followed
	// steps=100: of each start; 0: 40 in linf, 50 in l2 and l1
	// alpha=0: size of a step; 0: eps/30 in linf, eps/40 in l2, eps/10 in l1
	// attack "pgd(step=100)": unknown key "step", want one of alpha, budget, eot, eps, gradient, loss, quantile, restarts, seed, start, steps, target, temperature
}

// An ensemble is a list of attacks with a name.
func Example_ensemble() {
	standard, ok := attacks.Ensemble("standard")
	fmt.Println(standard, ok)
	// Output:
	// [apgd apgd-t fab(targets=9) square(short=true)] true
}
