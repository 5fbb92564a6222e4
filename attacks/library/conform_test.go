package library

import (
	"math"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

// conformanceRows are the attacks under test, with settings that take a moment. A
// new attack is a file and a row here.
var conformanceRows = []string{
	"fgsm",
	"fgsm(loss=training)",
	"bim(steps=5)",
	"bim(preset=split,steps=4,loss=margin)",
	"random(draws=3)",
	"rfgsm",
	"rfgsm(share=.8,loss=dlr)",
	"pgd(steps=6,restarts=2)",
	"pgd(start=clean,steps=5,loss=margin,alpha=.05)",
	"pgd(steps=5,temperature=10,quantile=.8,target=second)",
	"mifgsm(steps=5)",
	"mifgsm(steps=3,mu=.5,loss=training,target=next)",
	"pgd(steps=30,loss=probability-margin)",
	"pma(steps=8)",
	"pma(steps=5,restarts=3,alpha=.02,target=second)",
	"malt(steps=8,targets=3)",
	"malt(steps=6,targets=9,candidates=4,restarts=2,narrow=no)",
	"malt(steps=6,target=least)",
	"apgd(steps=12)",
	"apgd(steps=8,loss=dlr,restarts=2)",
	"apgd(steps=8,loss=margin,narrow=no,target=second)",
	"apgd(steps=2,loss=training)",
	"apgd(steps=4,gradient=straight-through)",
	"apgd-t(steps=8,targets=3)",
	"apgd-t(steps=8,restarts=2,narrow=no,target=least)",
	"codes(steps=5)",
	"codes(code=appearance,guides=1,steps=3)",
	"codes(towards=away,code=geometry,steps=4)",
	"mixed(steps=4)",
	"transfer(from=other,steps=6)",
	"substitute(holdout=10,rounds=2,epochs=3)",
	"deepfool",
	"deepfool(target=second,candidates=4)",
	"cw(search=2,steps=50,rate=.05,weight=1)",
	"cw(search=2,steps=30,rate=.05,weight=5,target=least,confidence=.1)",
	"ead(search=2,steps=40,rate=.05,weight=1)",
	"ead(search=2,steps=20,rate=.05,weight=5,beta=.01,rule=l1,confidence=.1)",
	"jsma",
	"jsma(theta=-.5,gamma=.5,target=next)",
	"ddn(steps=30)",
	"ddn(steps=20,loss=margin,target=second)",
	"fmn(steps=30)",
	"fmn-l0(steps=30)",
	"fab(steps=10)",
	"fab(steps=10,targets=3,restarts=2)",
	"fab(steps=10,target=second)",
	"square(queries=40)",
	"square(queries=20,loss=classification,rescale=yes,restarts=2)",
	"square(queries=20,target=second)",
	"spsa(steps=5,samples=20)",
	"nes(queries=130,samples=20)",
	"localsearch(rounds=8)",
	"localsearch(mode=foolbox,rounds=8,order=descending)",
	"boundary(steps=150)",
	"boundary(steps=60,target=second)",
	"hopskipjump(steps=3,first=30,gamma=10)",
	"hopskipjump(steps=2,first=20,gamma=10,start=example)",
	"uniform(draws=15)",
	"gaussian(draws=15)",
	"saltpepper(steps=30)",
	"grid(points=5,moves=3)",
	"moves",
	"worst-of-k(draws=20)",
	"affine-pgd(steps=6,restarts=2)",
	"field-pgd(steps=6)",
}

// TestEveryAttackHasARow keeps the table complete.
func TestEveryAttackHasARow(t *testing.T) {
	for _, name := range attacks.Names() {
		if !strings.HasPrefix(name, "test-") && !slices.ContainsFunc(conformanceRows, func(r string) bool { return r == name || strings.HasPrefix(r, name+"(") }) {
			t.Errorf("attack %s: want a row in the table of conform_test.go, found none", name)
		}
	}
}

// attacksFor are the rows that are defined for a threat and a number of classes.
func attacksFor(t *testing.T, n attacks.Norm, classes int) []attacks.Attack {
	var out []attacks.Attack
	for _, a := range attacktest.Parse(t, conformanceRows...) {
		if !attacks.About(a).Defined(attacktest.UnitBox(n)) {
			continue
		}
		if c, ok := a.(attacks.ClassChecker); ok && c.CheckClasses(classes) != nil {
			continue
		}
		out = append(out, a)
	}
	return out
}

// TestConformance runs every attack on a net that is neither linear nor convex,
// for 2, 5 and 10 classes, in each norm, and checks each example by plain
// arithmetic and a separate inference.
func TestConformance(t *testing.T) {
	for _, classes := range []int{2, 5, 10} {
		for _, n := range attacks.Threats {
			t.Run(string(n)+"/"+string(rune('0'+classes/10))+string(rune('0'+classes%10)), func(t *testing.T) {
				t.Parallel()
				v := attacktest.Smooth(6, 6, 1, classes)
				list := attacksFor(t, n, classes)
				st := attacktest.NewSession(t, v, attacktest.UnitBox(n), list...)
				set := attacktest.PredictedImages(t, st, 10)
				eps := map[attacks.Norm][]float32{attacks.Linf: {.02, .1, .3}, attacks.L2: {.2, 1, 2}, attacks.L1: {.5, 3, 9}}[n]
				ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: eps, Batch: 16, Exhaustive: true})
				for s := range ev.Attacks {
					checkAttackResult(t, st, set, ev, s, eps)
				}
			})
		}
	}
}

// checkAttackResult checks that only correctly classified images were attacked,
// that examples lie in ball and box and have the class claimed, and that distances
// and counts follow from the examples.
func checkAttackResult(t *testing.T, st engine.Session, set attacks.Images, ev *attacks.Evaluation, s int, eps []float32) {
	t.Helper()
	name := ev.Attacks[s].Attack
	px := st.Graph.Victim.Size()
	reference := engine.NewBatchRunner(st, 1)
	for i, at := range ev.Attacks[s].Results {
		if !ev.Correct(i) {
			if at.Done || at.Image != nil {
				t.Errorf("%s, image %d: want images that are misclassified without attack left alone", name, i)
			}
			continue
		}
		if !at.Done {
			t.Errorf("%s, image %d: not attacked", name, i)
		}
		if at.Invalid > 0 {
			t.Errorf("%s, image %d: %d claims outside ball or box", name, i, at.Invalid)
		}
		if math.IsInf(float64(at.Distance), 1) {
			if at.Image != nil || strings.Contains(at.Tried, "1") {
				t.Errorf("%s, image %d: an example without a distance", name, i)
			}
			continue
		}
		var linf, l2, l1 float64
		for k, v := range at.Image {
			if !(v >= 0 && v <= 1) {
				t.Errorf("%s, image %d: value %g outside the box", name, i, v)
			}
			d := math.Abs(float64(v) - float64(set.Pixels[i*px+k]))
			linf, l2, l1 = max(linf, d), l2+d*d, l1+d
		}
		size := map[attacks.Norm]float64{attacks.Linf: linf, attacks.L2: math.Sqrt(l2), attacks.L1: l1}
		if d := size[ev.Norm]; float64(at.ThreatDistance) > d+1e-6 {
			t.Errorf("%s, image %d: threat distance %g, but the example is at %g", name, i, at.ThreatDistance, d)
		}
		if k := strings.IndexByte(at.Tried, '1'); ev.Attacks[s].Search != attacks.MinimumNorm && (k < 0 || float64(at.ThreatDistance) > float64(eps[k])*1.0001+1e-5) {
			t.Errorf("%s, image %d: tried %q, threat distance %g", name, i, at.Tried, at.ThreatDistance)
		}
		out, err := reference.Logits(at.Image)
		if err != nil {
			t.Fatal(err)
		}
		if class := vector.Argmax(out[0]); class != at.Class || class == int(set.Labels[i]) {
			t.Errorf("%s, image %d: claimed class %d, the net says %d, the label is %d", name, i, at.Class, class, set.Labels[i])
		}
	}
	for k := range eps[1:] {
		if ev.MisclassifiedCount(s, eps[k]) > ev.MisclassifiedCount(s, eps[k+1]) {
			t.Errorf("%s: more images misclassified at %g than at %g", name, eps[k], eps[k+1])
		}
	}
}

// TestSameResult: results do not depend on the batch size, and are the same when
// run again.
func TestSameResult(t *testing.T) {
	list := attacksFor(t, attacks.Linf, 10)
	st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 10), attacktest.UnitBox(attacks.Linf), list...)
	set := attacktest.PredictedImages(t, st, 12)
	var all []*attacks.Evaluation
	for _, batch := range []int{64, 64, 1} {
		all = append(all, attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: []float32{.03, .1}, Batch: batch, Exhaustive: true}))
	}
	for s := range all[0].Attacks {
		for i, a := range all[0].Attacks[s].Results {
			for k, ev := range all[1:] {
				b := ev.Attacks[s].Results[i]
				if a.Tried != b.Tried || a.Class != b.Class || a.Cost != b.Cost || attacktest.DistancesDiffer(a.Distance, b.Distance) {
					t.Errorf("%s, image %d, run %d: %q, class %d, %v, distance %g; want as before: %q, %d, %v, %g",
						all[0].Attacks[s].Attack, i, k+1, b.Tried, b.Class, b.Cost, b.Distance, a.Tried, a.Class, a.Cost, a.Distance)
				}
			}
		}
	}
}
