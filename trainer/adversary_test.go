package trainer

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func mustAdversary(t testing.TB, text string) Adversary {
	t.Helper()
	a, err := ParseAdversary(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustValidationAttack(t testing.TB, text string) ValidationAttack {
	t.Helper()
	a, err := ParseValidationAttack(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Every method with its defaults, written out.
func TestAdversaryText(t *testing.T) {
	const rest = "norm=linf,ramp=0st,target=adversarial)"
	for text, want := range map[string]string{
		"":                                    "",
		" ":                                   "",
		"fgsm(eps=.3)":                        "fgsm(eps=0.3,clean=0.5,loss=classification," + rest,
		"pgd(eps=.7)":                         "pgd(eps=0.7,steps=7,alpha=0.25,clean=0,loss=classification," + rest,
		"pgd(eps=.3,steps=1)":                 "pgd(eps=0.3,steps=1,alpha=0.3,clean=0,loss=classification," + rest,
		"trades(eps=.2)":                      "trades(eps=0.2,steps=10,alpha=0.05,beta=6,noise=0.001," + rest,
		"fast( eps = 8 / 255 )":               "fast(eps=0.03137255,alpha=0.039215688,clean=0,loss=classification," + rest,
		"free(eps=.5,replays=4)":              "free(eps=0.5,alpha=0.5,replays=4,loss=classification," + rest,
		"fgsm(eps=.3,codes=1)":                "fgsm(eps=0.3,clean=0.5,codes=1,of=both,loss=classification," + rest,
		"trades(eps=.2,codes=.5,of=geometry)": "trades(eps=0.2,steps=10,alpha=0.05,beta=6,noise=0.001,codes=0.5,of=geometry," + rest,
		"pgd(eps=2,norm=l2,steps=3,alpha=.5,clean=.25,loss=training,target=clean,ramp=10%)": "pgd(eps=2,steps=3,alpha=0.5,clean=0.25,loss=training,norm=l2,ramp=10%,target=clean)",
	} {
		a := mustAdversary(t, text)
		if a.String() != want || a.Off() != (want == "") {
			t.Errorf("%q: want %q, got %q", text, want, a)
		}
		raw, err := a.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var b Adversary
		if err := b.UnmarshalText(raw); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%q: read back %+v, %v", raw, b, err)
		}
		c := DefaultConfig()
		c.Adversary = a
		if err := c.Check(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"": "auto", "auto": "auto", "off": "off",
		"pgd(eps=.4)": "pgd(eps=0.4,steps=10,alpha=0.1,norm=linf,images=1000)",
		"pgd(eps=1,norm=l2,images=0,steps=5,alpha=.3)": "pgd(eps=1,steps=5,alpha=0.3,norm=l2,images=0)",
	} {
		a := mustValidationAttack(t, text)
		if b := mustValidationAttack(t, a.String()); a.String() != want || a != b {
			t.Errorf("%q: want %q, got %q, read back %+v", text, want, a, b)
		}
	}
	for _, c := range []struct{ attack, adversary, want string }{
		{"auto", "", "off"}, {"off", "pgd(eps=.3)", "off"}, {"pgd(eps=.1)", "", "pgd(eps=0.1,steps=10,alpha=0.025,norm=linf,images=1000)"},
		{"auto", "fast(eps=.4)", "pgd(eps=0.4,steps=10,alpha=0.1,norm=linf,images=1000)"},
		{"auto", "free(eps=2,norm=l2)", "pgd(eps=2,steps=10,alpha=0.5,norm=l2,images=1000)"},
	} {
		if got := mustValidationAttack(t, c.attack).resolve(mustAdversary(t, c.adversary)); got.String() != c.want || got.On() != (c.want != "off") {
			t.Errorf("attacked %s, adversary %q: want %s, got %s", c.attack, c.adversary, c.want, got)
		}
	}
}

func TestAdversaryRefused(t *testing.T) {
	for text, names := range map[string]string{
		"pgdd(eps=.3)":                     `want one of fgsm, pgd, trades, fast, free;"pgdd";did you mean "pgd"`,
		"pgd":                              "eps: want a value;none;pgd(eps=.3)",
		"pgd(steps=3)":                     "eps: want;none;pgd(eps=.3)",
		"pgd(eps=0)":                       `eps: want a number in (0,1e+06];got "0"`,
		"pgd(eps=-1)":                      `got "-1"`,
		"pgd(eps=NaN)":                     `got "NaN"`,
		"pgd(eps=1/0)":                     "eps: want;1/0",
		"pgd(eps=x)":                       `eps: want;got "x"`,
		"pgd(eps=.3":                       "want a closing bracket",
		"pgd(eps=.3) x":                    "want a closing bracket",
		"pgd(.3)":                          `want key=value;".3"`,
		"pgd(eps=.3,eps=.2)":               "given twice",
		"pgd(eps=.3,steps=0)":              `steps: want a whole number in 1..1000;got "0"`,
		"pgd(eps=.3,steps=1.5)":            "want a whole number;1.5",
		"pgd(eps=.3,alpha=0)":              `alpha: want a number above 0;got "0"`,
		"pgd(eps=.3,alpha=1e-40)":          "alpha: want a number above 0",
		"pgd(eps=.3,clean=1)":              `clean: want;0.99];got "1"`,
		"pgd(eps=.3,norm=l1)":              `norm: want one of linf, l2;"l1"`,
		"pgd(eps=.3,target=none)":          "target: want one of adversarial, clean",
		"pgd(eps=.3,loss=margin)":          "loss: want one of classification, training",
		"pgd(eps=.3,ramp=2)":               "ramp: ;want a number with its unit;30ep",
		"pgd(eps=.3,step=2)":               `unknown key "step", want;did you mean "steps"`,
		"fgsm(eps=.3,steps=2)":             `unknown key "steps", want one of clean, codes, eps`,
		"trades(eps=.3,beta=0)":            "beta: want a number in (0,",
		"trades(eps=.3,loss=training)":     `unknown key "loss", want`,
		"trades(eps=.3,clean=.5)":          `unknown key "clean", want`,
		"free(eps=.3,replays=0)":           `replays: want;got "0"`,
		"free(eps=.3,clean=.5)":            `unknown key "clean", want`,
		"pgd(eps=.3,codes=1)":              "want clean=.5 beside codes;got clean=0",
		"fgsm(eps=.3,clean=.4,codes=1)":    "want clean=.5 beside codes;got clean=0.4",
		"fgsm(eps=.3,codes=0)":             `codes: want a number above 0;got "0"`,
		"fgsm(eps=.3,of=both)":             "codes: want;of=both;none;codes=1,of=both",
		"fgsm(eps=.3,codes=1,of=shape)":    `of: want one of appearance, geometry, both;"shape"`,
		"free(eps=.3,codes=1)":             `unknown key "codes", want`,
		"pgd(eps=.3,rebuild=clean\nx=y=z)": `unknown key "rebuild", want`,
	} {
		_, err := ParseAdversary(text)
		refused(t, text, err, "", names)
	}
	for text, names := range map[string]string{
		"on": "want auto, off or pgd(...)", "fgsm(eps=.3)": "pgd(...)", "pgd": "eps: want;none", "pgd(eps=.3,images=-1)": "images: want;-1",
		"pgd(eps=.3,loss=training)": `unknown key "loss"`, "pgd(eps=.3,image=2)": `did you mean "images"`,
	} {
		_, err := ParseValidationAttack(text)
		refused(t, text, err, "", names)
	}
	c := DefaultConfig()
	c.Adversary, c.Augment = mustAdversary(t, "trades(eps=.3)"), mustAugment(t, "deform(stretch=2..4,shift=2..4)")
	refused(t, "trades and views", c.Check(), "train.adversary: ", "trades;deform")
	c = DefaultConfig()
	c.Adversary = Adversary{&PGD{Eps: .3}}
	refused(t, "made by hand", c.Check(), "train.adversary: ", "want")
	c.Adversary = Adversary{&PGD{Eps: .3, Steps: 2, Alpha: .1}}
	refused(t, "made by hand", c.Check(), "train.adversary: ", "want a value as ParseAdversary makes it;got pgd(eps=0.3,steps=2,alpha=0.1,clean=0,ramp=0st): take;norm=linf")
	c.Adversary, c.Attacked = Adversary{}, ValidationAttack{Norm: linf}
	refused(t, "made by hand", c.Check(), "train.attacked: ", "want")
}

func refused(t *testing.T, text string, err error, key, names string) {
	t.Helper()
	if err == nil {
		t.Errorf("%q: accepted", text)
		return
	}
	for _, name := range strings.Split(names, ";") {
		if !strings.HasPrefix(err.Error(), key) || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: want an error that opens with %s and names %s, got %q", text, key, name, err)
		}
	}
}

// Eps and alpha rise together over the ramp, then stay.
func TestRamp(t *testing.T) {
	r := mustAdversary(t, "pgd(eps=.4,alpha=.1,ramp=2ep)").radii(10, 5, 100)
	for step, share := range map[int]float64{0: .1, 4: .5, 9: 1, 10: 1, 99: 1} {
		if eps, alpha := r(step); math.Abs(float64(eps)-.4*share) > 1e-7 || math.Abs(float64(alpha)-.1*share) > 1e-7 {
			t.Errorf("step %d: want %g of .4 and .1, got %g and %g", step, share, eps, alpha)
		}
	}
	if eps, alpha := mustAdversary(t, "fast(eps=.4)").radii(10, 5, 100)(0); eps != .4 || alpha != .5 {
		t.Errorf("without a ramp: want .4 and .5, got %g and %g", eps, alpha)
	}
}

func TestShares(t *testing.T) {
	for clean, want := range map[float32][2]int{0: {0, 12}, .25: {4, 12}, .5: {12, 12}, .75: {12, 4}, .99: {12, 1}, .1: {1, 12}} {
		c, a := mixedRows(clean, 12)
		if [2]int{c, a} != want {
			t.Errorf("clean=%g of 12: want %v clean and attacked, got %d and %d", clean, want, c, a)
		}
	}
}

// Without an adversary there is nothing of one in the graph; with the
// validation attack alone, training is what it was.
func TestNoAdversary(t *testing.T) {
	count := func(c Config) (ops int, found []string) {
		_, net := declared(t, 7, c, fullModel(), littleShape)
		for _, o := range net.Graph.Operations() {
			ops++
			for _, word := range []string{"adversary", "attacked", "originals"} {
				if strings.Contains(o.Name(), word) {
					found = append(found, o.Name())
				}
			}
		}
		return ops, found
	}
	if _, found := count(fullConfig(t)); len(found) > 0 {
		t.Errorf("without an adversary the graph has %v", found[:min(3, len(found))])
	}
	c := fullConfig(t)
	plain := &recorder{}
	want, _, err := session(t, t.Context(), c, fullInputs(t.TempDir()), plain)
	if err != nil {
		t.Fatal(err)
	}
	// Losses as they were before there was an adversary. They may move with
	// TensorFlow or the processor, not beyond rounding.
	for step, want := range map[int]float64{1: 9.874547, 6: 6.459316, 11: 5.534999, 16: 6.173196} {
		if got := float64(plain.loss[step-1]); math.Abs(got-want) > 1e-3*want {
			t.Errorf("step %d: want loss %.5f, got %.5f", step, want, got)
		}
	}
	c.Attacked = mustValidationAttack(t, "pgd(eps=.1,steps=2)")
	r := &recorder{}
	got, _, err := session(t, t.Context(), c, fullInputs(t.TempDir()), r)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, "with a validation attack", got, want)
	if a := r.evals[16].Attacked; a == nil || a.Images != 10 || a.Attack != c.Attacked.String() {
		t.Errorf("want the accuracy under attack, got %+v", a)
	}
}

// Whatever the text, a value that was read is written as it is read, and passes.
func FuzzAdversary(f *testing.F) {
	for _, text := range []string{
		"", "fgsm(eps=.3)", "pgd(eps=8/255,steps=7,clean=.5,codes=1,of=geometry)", "trades(eps=.2,beta=3,codes=2)",
		"fast(eps=.3,ramp=2ep,target=clean)", "free(eps=1,norm=l2,replays=4,loss=training)", "pgd(eps=.3,codes=1)", "pgd(eps=1e-45)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAdversary(text)
		if err != nil {
			return
		}
		if b, err := ParseAdversary(a.String()); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%q: read %+v, read again %+v, %v", text, a, b, err)
		}
		if err := a.check(DefaultConfig()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// Each method has a name of its own and makes its images in one of two ways.
func TestMethods(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range methods {
		m := k.New()
		_, before := m.(imageAttack)
		_, inPass := m.(inPassAttack)
		if before == inPass {
			t.Errorf("%s: want an attack before the step or one within it, got %v and %v", k.Name, before, inPass)
		}
		if seen[k.Name] {
			t.Errorf("%s: a second method of this name", k.Name)
		}
		seen[k.Name] = true
		s := mustAdversary(t, k.Name+"(eps=.25)").settings()
		if s.eps != .25 || !(s.alpha > 0) || s.replays < 1 || s.Norm != linf || s.Target != Adversarial {
			t.Errorf("%s: got settings %+v", k.Name, s)
		}
	}
}
