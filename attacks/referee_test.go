package attacks

import (
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// liar is an attack that proposes whatever it likes.
type liar struct {
	name    string
	propose func(r *runner, batch Set, eps []float32, propose func(int, *tf.Tensor) error) error
}

func (l liar) String() string                { return l.name }
func (l liar) Radii() []float32              { return nil }
func (l liar) Follows() Loss                 { return "" }
func (l liar) Plan(e float32) (int, float32) { return 1, e }
func (l liar) run(r *runner, b Set, eps []float32, propose func(int, *tf.Tensor) error) error {
	return l.propose(r, b, eps, propose)
}

// moving proposes images whose values are replaced one by one.
func moving(name string, to func(v, eps float32) float32) liar {
	return liar{name, func(r *runner, batch Set, eps []float32, propose func(int, *tf.Tensor) error) error {
		for k, e := range eps {
			d, err := graphs.NewBuffer(tf.Float, int64(batch.Len()), int64(r.Victim.H), int64(r.Victim.W), int64(r.Victim.C))
			if err != nil {
				return err
			}
			for i, v := range batch.Pixels {
				d.Float32()[i] = to(v, e)
			}
			if err := propose(k, d.Tensor); err != nil {
				return err
			}
		}
		return nil
	}}
}

// brightness is a victim that tells dark images from bright ones: class 1
// where the mean value is above .5.
func brightness() linear {
	l := linear{h: 2, w: 2, c: 1, k: 2, weights: [][]float32{{0, 0, 0, 0}, {1, 1, 1, 1}}, bias: []float32{0, -2}}
	return l
}

// greys are images of one value each, with the labels of brightness.
func greys(values ...float32) Set {
	var s Set
	for i, v := range values {
		s.Pixels = append(s.Pixels, v, v, v, v)
		s.Labels = append(s.Labels, int32(math.Round(float64(v))))
		s.Index = append(s.Index, i)
	}
	return s
}

// Proposals outside ball or box, or not numbers at all, must gain nothing.
func TestRefereeRefusesLies(t *testing.T) {
	nan := float32(math.NaN())
	flip := func(v float32) float32 { return 1 - v }
	set := greys(.1, .2, .8, .9)
	for _, c := range []struct {
		attack  liar
		invalid int
	}{
		{moving("far away", func(v, e float32) float32 { return flip(v) }), 4},
		{moving("a little too far", func(v, e float32) float32 { return v + (e+3e-6)*float32(math.Copysign(1, .5-float64(v))) }), 4},
		{moving("not a number", func(v, e float32) float32 { return nan }), 4},
		{moving("infinite", func(v, e float32) float32 { return float32(math.Inf(1)) }), 4},
		{moving("out of the box", func(v, e float32) float32 { return v + .15*float32(math.Copysign(1, float64(v)-.5)) }), 2},
		{moving("honest", func(v, e float32) float32 { return v }), 0},
	} {
		for _, norm := range []Norm{Linf, L2} {
			radius := float32(.2)
			if norm == L2 {
				radius = .4 // of four equal changes of .2
			}
			if c.attack.name == "a little too far" && norm == L2 {
				continue // eps is no change per value there
			}
			rep := newStage(t, brightness().victim(), box(norm), Options{Attacks: []Attack{c.attack}, Eps: []float32{radius}, Batch: 3}).run(t, set)[0]
			o := rep.Outcomes[0]
			if o.Invalid != c.invalid || o.Right != 4 || o.Broken != 0 || o.Changed != 0 || !slices.Equal(o.Classes, rep.Clean) {
				t.Errorf("%s, %s: want %d invalid and nothing gained, got %+v", norm, c.attack.name, c.invalid, o)
			}
			if c.invalid == 4 {
				graphtest.Equal(t, c.attack.name+": kept images", o.Adversarial, set.Pixels)
			}
			if o.Accuracy() != 1 || o.Error() != 0 || o.Success() != 0 || o.Change() != 0 {
				t.Errorf("%s, %s: rates %g, %g, %g, %g", norm, c.attack.name, o.Accuracy(), o.Error(), o.Success(), o.Change())
			}
		}
	}
}

// One lie does not spoil its neighbours.
func TestRefereeJudgesEachImage(t *testing.T) {
	set := greys(.4, .4, .6, .6)
	a := moving("mixed", func(v, e float32) float32 { return 1 - v })
	at := 0
	a.propose = func(r *runner, batch Set, eps []float32, propose func(int, *tf.Tensor) error) error {
		d, err := graphs.NewBuffer(tf.Float, int64(batch.Len()), 2, 2, 1)
		if err != nil {
			return err
		}
		for i, v := range batch.Pixels {
			d.Float32()[i] = 1 - v // a change of .2, honest
			if at+i/4 == 2 && i%4 == 3 {
				d.Float32()[i] = v - .5
			}
		}
		at += batch.Len()
		return propose(0, d.Tensor)
	}
	rep := newStage(t, brightness().victim(), box(Linf), Options{Attacks: []Attack{a}, Eps: []float32{.2}, Batch: 3}).run(t, set)[0]
	o := rep.Outcomes[0]
	if o.Invalid != 1 || o.Broken != 3 || o.Right != 1 || !slices.Equal(o.Classes, []int32{1, 1, 1, 0}) {
		t.Errorf("want the third image alone to stand, got %+v", o)
	}
}

// An attack must propose once for each eps: what is not proposed would count
// as class 0, what is proposed twice would count twice.
func TestRefereeWantsEachProposal(t *testing.T) {
	st := newStage(t, brightness().victim(), box(Linf), Options{Attacks: []Attack{Random{}}, Eps: []float32{.1, .2}, Batch: 4})
	for name, c := range map[string]struct {
		order []int
		want  string
	}{
		"nothing":    {nil, "want one proposal for each of 2 eps, got 0"},
		"one":        {[]int{0}, "want one proposal for each of 2 eps, got 1"},
		"twice":      {[]int{0, 0}, "want one proposal for each of 2 eps in order, got one for number 0 after 1"},
		"backwards":  {[]int{1, 0}, "want one proposal for each of 2 eps in order, got one for number 1 after 0"},
		"one extra":  {[]int{0, 1, 2}, "want one proposal for each of 2 eps in order, got one for number 2 after 2"},
		"impossible": {[]int{-1}, "want one proposal for each of 2 eps in order, got one for number -1 after 0"},
	} {
		st.engines[0].o.Attacks = []Attack{liar{name, func(r *runner, batch Set, eps []float32, propose func(int, *tf.Tensor) error) error {
			for _, k := range c.order {
				if err := propose(k, r.images.Tensor); err != nil {
					return err
				}
			}
			return nil
		}}}
		_, err := st.engines[0].Run(t.Context(), st.net, greys(.1, .9), 0, nil)
		if want := "attacks: " + name + ", images 0 to 1: " + c.want; err == nil || err.Error() != want {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	// A proposal of another shape is refused, not compared.
	st.engines[0].o.Attacks = []Attack{liar{"other shape", func(r *runner, batch Set, eps []float32, propose func(int, *tf.Tensor) error) error {
		d, err := graphs.NewBuffer(tf.Float, 1, 2, 2, 1)
		if err != nil {
			return err
		}
		return propose(0, d.Tensor)
	}}}
	_, err := st.engines[0].Run(t.Context(), st.net, greys(.1, .9), 0, nil)
	graphtest.Says(t, err, "attacks: other shape, images 0 to 1: want one proposal per image")
}

// Rounding to float32 is no lie: equal values are all rounded alike, which
// adds up in the L2 norm of large images.
func TestRefereeForgivesRounding(t *testing.T) {
	l := linear{h: 32, w: 32, c: 3, k: 2, weights: make([][]float32, 2), bias: make([]float32, 2)}
	for range 32 * 32 * 3 { // every value counts alike
		l.weights[0], l.weights[1] = append(l.weights[0], -1e-3), append(l.weights[1], 1e-3)
	}
	set := Set{Labels: []int32{0, 1, 0, 1}, Index: []int{0, 1, 2, 3}}
	for _, v := range []float32{.7, .53, .9, .5000001} {
		for range 32 * 32 * 3 {
			set.Pixels = append(set.Pixels, v)
		}
	}
	eps := []float32{1e-4, 1}
	for i := range 20 {
		eps = append(eps, .1+.0123*float32(i))
	}
	for _, norm := range []Norm{Linf, L2} {
		rep := newStage(t, l.victim(), box(norm), Options{Attacks: []Attack{Random{}, FGSM{Loss: Margin}, BIM{Loss: Margin, Steps: 2}}, Eps: eps, Batch: 4}).run(t, set)[0]
		for _, o := range rep.Outcomes {
			if o.Invalid > 0 {
				t.Errorf("%s, %s at %g: %d honest proposals refused", norm, o.Attack, o.Eps, o.Invalid)
			}
		}
	}
}

// A gradient attack is doubted where random signs break more, at the same eps
// and nowhere else.
func TestDoubt(t *testing.T) {
	all := []Outcome{
		{Attack: "random", Eps: .1, Broken: 5},
		{Attack: "random(seed=1)", Eps: .1, Broken: 7},
		{Attack: "random", Eps: .2, Broken: 50},
		{Attack: "weaker", Loss: Training, Eps: .1, Broken: 6},
		{Attack: "equal", Loss: Training, Eps: .1, Broken: 7},
		{Attack: "stronger", Loss: Classification, Eps: .1, Broken: 8},
		{Attack: "weaker elsewhere", Loss: Margin, Eps: .2, Broken: 49},
		{Attack: "nothing to compare", Loss: Margin, Eps: .3, Broken: 0},
	}
	doubt(all)
	want := map[string]string{
		"weaker":           "breaks 6 images, random signs break 7: its gradient does not follow the classifier",
		"weaker elsewhere": "breaks 49 images, random signs break 50: its gradient does not follow the classifier",
	}
	for _, o := range all {
		if o.Weak != want[o.Attack] {
			t.Errorf("%s at %g: want %q, got %q", o.Attack, o.Eps, want[o.Attack], o.Weak)
		}
	}
}

// The engine doubts by itself: a training loss that pulls towards the right
// class loses against noise.
func TestEngineDoubts(t *testing.T) {
	l := newLinear(5, 4, 4, 1, 2)
	v := l.victim()
	v.TrainingLoss = func(s *graphs.Scope, images, labels tf.Output) tf.Output {
		return graphs.Weighted(s, -1, graphs.CrossEntropy(s.In("ce"), v.Logits(s, images), labels))
	}
	all := []Attack{FGSM{Loss: Training}, FGSM{}, Random{}}
	rep := newStage(t, v, box(Linf), Options{Attacks: all, Eps: []float32{.3}, Batch: 64}).run(t, l.labelled(1, 64, 0, 1))[0]
	if o := rep.Outcomes[0]; o.Weak == "" || o.Broken != 0 {
		t.Errorf("want the wrong gradient doubted, got %+v", o)
	}
	if o := rep.Outcomes[1]; o.Weak != "" || o.Broken <= rep.Outcomes[2].Broken {
		t.Errorf("want the right gradient to beat noise, got %+v", o)
	}
	if rep.Outcomes[2].Weak != "" || rep.Outcomes[2].Broken == 0 {
		t.Errorf("want noise to break something and no doubt of it, got %+v", rep.Outcomes[2])
	}
}

// Worst counts, at one eps, the images that every attack leaves right.
func TestWorst(t *testing.T) {
	r := Report{
		Clean: []int32{0, 1, 2, 0, 1},
		Outcomes: []Outcome{
			{Eps: .2, Classes: []int32{0, 1, 2, 0, 0}},
			{Eps: .1, Classes: []int32{0, 1, 2, 0, 1}},
			{Eps: .2, Classes: []int32{0, 0, 2, 0, 1}},
			{Eps: .1, Classes: []int32{1, 1, 2, 1, 1}},
		},
	}
	labels := []int32{0, 1, 2, 1, 1} // the fourth is wrong from the start and becomes right under the last attack
	for eps, want := range map[float32]int{.1: 3, .2: 2, .3: 4} {
		if got := r.Worst(labels, eps); got != want {
			t.Errorf("eps %g: want %d, got %d", eps, want, got)
		}
	}
	if got := r.Radii(); !slices.Equal(got, []float32{.1, .2}) {
		t.Errorf("want .1 and .2, got %v", got)
	}
}

// Passes counted by hand, for 10 images in batches of 4: a batch counts its
// images.
func TestPassesCounted(t *testing.T) {
	l := newLinear(5, 2, 2, 1, 3)
	set := l.labelled(1, 10, 0, 1)
	for _, c := range []struct {
		attack            Attack
		forward, backward int
	}{
		{Random{}, 30, 0},                // clean, and the referee at each of two eps
		{FGSM{}, 40, 10},                 // one gradient for both
		{BIM{Steps: 3}, 90, 60},          // clean, referee 2x, 3 steps at each
		{BIM{Preset: Kurakin}, 710, 680}, // 4 and 64 steps
		{BIM{Steps: 1, Loss: Margin}, 50, 20},
	} {
		rep := newStage(t, l.victim(), box(Linf), Options{Attacks: []Attack{c.attack}, Eps: []float32{.014, .236}, Batch: 4}).run(t, set)[0]
		if rep.Forward != c.forward || rep.Backward != c.backward {
			t.Errorf("%s: want %d forward and %d backward, got %d and %d", c.attack, c.forward, c.backward, rep.Forward, rep.Backward)
		}
	}
}
