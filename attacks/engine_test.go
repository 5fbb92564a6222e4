package attacks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

func TestOptionsRefused(t *testing.T) {
	none := newLinear(1, 2, 2, 1, 2).victim()
	none.TrainingLoss = nil
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Attacks: []Attack{Random{}}, Eps: []float32{.1}}, "attack.batch: want at least 1, got 0"},
		{Options{Batch: 1, Eps: []float32{.1}}, "attack.attacks: want at least one of [bim fgsm random], got none"},
		{Options{Batch: 1, Attacks: []Attack{FGSM{}}}, "attack.eps: want at least one radius, got none"},
		{Options{Batch: 1, Attacks: []Attack{FGSM{}}, Eps: []float32{.1, 2}}, "attack.eps: want radii in (0,1], in units of images in [0,1], got 2"},
		{Options{Batch: 1, Attacks: []Attack{FGSM{Loss: Training}}, Eps: []float32{.1}}, `attack "fgsm(loss=training)": graphs: graph: loss training: this victim offers no training loss; use classification or margin`},
		{Options{Batch: 1, Attacks: []Attack{BIM{Loss: "hinge"}}, Eps: []float32{.1}}, `attack "bim(loss=hinge)": graphs: graph: loss: want classification, training or margin, got "hinge"`},
	} {
		net, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
			a, err := NewArena(b, none, box(Linf))
			if err != nil {
				return err
			}
			_, err = NewEngine(a, c.o)
			return err
		})
		if err == nil {
			net.Close()
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%+v: want %q, got %v", c.o, c.want, err)
		}
	}
}

// An attack with radii of its own needs no others and ignores them.
func TestOwnRadii(t *testing.T) {
	l := newLinear(1, 2, 2, 1, 2)
	all := []Attack{FGSM{Eps: []float32{.5, .01}}, Random{}}
	st := newStage(t, l.victim(), box(Linf), Options{Attacks: all[:1], Batch: 2}, Options{Attacks: all, Eps: []float32{.3}, Batch: 2})
	for i, want := range []string{"[0.5 0.01]", "[0.5 0.01 0.3]"} {
		var got []float32
		for _, o := range st.run(t, l.labelled(1, 3, 0, 1))[i].Outcomes {
			got = append(got, o.Eps)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("want %s, got %v", want, got)
		}
	}
}

func TestSetRefused(t *testing.T) {
	l := newLinear(1, 2, 2, 1, 3)
	st := newStage(t, l.victim(), box(Linf), Options{Attacks: []Attack{Random{}}, Eps: []float32{.1}, Batch: 2})
	nan := float32(math.NaN())
	for want, spoil := range map[string]func(s *Set){
		"attacks: want at least one image, got none":                                                                        func(s *Set) { *s = Set{} },
		"attacks: want 3 images of 2x2x1 with an index each, got 8 values and 3 indices":                                    func(s *Set) { s.Pixels = s.Pixels[:8] },
		"attacks: want 3 images of 2x2x1 with an index each, got 12 values and 2 indices":                                   func(s *Set) { s.Index = s.Index[:2] },
		"attacks: image 101: want a label in 0..2, got 3":                                                                   func(s *Set) { s.Labels[1] = 3 },
		"attacks: image 102: want a label in 0..2, got -1":                                                                  func(s *Set) { s.Labels[2] = -1 },
		"attacks: image 100: want values in [0,1], got 1.5: eps is in these units; leave jitter out of the attacked data":   func(s *Set) { s.Pixels[3] = 1.5 },
		"attacks: image 102: want values in [0,1], got -0.25: eps is in these units; leave jitter out of the attacked data": func(s *Set) { s.Pixels[8] = -.25 },
		"attacks: image 101: want values in [0,1], got NaN: eps is in these units; leave jitter out of the attacked data":   func(s *Set) { s.Pixels[7] = nan },
	} {
		set := l.labelled(1, 3, 0, 1)
		spoil(&set)
		if _, err := st.engines[0].Run(t.Context(), st.net, set, 0, nil); err == nil || err.Error() != want {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestCancelAndTick(t *testing.T) {
	l := newLinear(1, 2, 2, 1, 3)
	all := []Attack{Random{}, FGSM{}, BIM{Steps: 2}}
	st := newStage(t, l.victim(), box(Linf), Options{Attacks: all, Eps: []float32{.1, .2}, Batch: 4})
	set := l.labelled(1, 10, 0, 1)
	var ticks []string
	if _, err := st.engines[0].Run(t.Context(), st.net, set, 0, func(done, of int) { ticks = append(ticks, fmt.Sprint(done, "/", of)) }); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(ticks), "[1/9 2/9 3/9 4/9 5/9 6/9 7/9 8/9 9/9]"; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	last := 0
	_, err := st.engines[0].Run(ctx, st.net, set, 0, func(done, of int) {
		if last = done; done == 4 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || last != 4 {
		t.Errorf("want to stop after 4 of 9, got %d, %v", last, err)
	}
}

// Only as many images are kept as were asked for, whatever the batch.
func TestKeep(t *testing.T) {
	l := newLinear(1, 2, 2, 1, 3)
	st := newStage(t, l.victim(), box(Linf), Options{Attacks: []Attack{FGSM{}}, Eps: []float32{.1}, Batch: 4})
	set := l.labelled(1, 10, 0, 1)
	all := st.run(t, set)[0].Outcomes[0].Adversarial
	for keep, want := range map[int]int{-1: 0, 0: 0, 3: 3, 4: 4, 6: 6, 10: 10, 99: 10} {
		rep, err := st.engines[0].Run(t.Context(), st.net, set, keep, nil)
		if err != nil {
			t.Fatal(err)
		}
		graphtest.Equal(t, fmt.Sprint("keep ", keep), rep.Outcomes[0].Adversarial, all[:want*4])
	}
}

func TestShareOfNothing(t *testing.T) {
	if o := (Outcome{}); o.Accuracy() != 0 || o.Success() != 0 || o.Change() != 0 {
		t.Errorf("want no NaN, got %+v", o)
	}
}
