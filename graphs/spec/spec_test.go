package spec_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"unwarp/graphs/spec"
)

// period is a text type.
type period struct{ time.Duration }

func (p period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p *period) UnmarshalText(text []byte) (err error) {
	p.Duration, err = time.ParseDuration(string(text))
	return err
}

type colour string

func (colour) Words() []string { return []string{"red", "green"} }

type shared struct {
	Seed uint64 `key:"seed" help:"of its random numbers"`
}

type walk struct {
	shared
	Steps  int     `key:"steps" in:"[1,100]" default:"10" help:"how many"`
	Eps    float32 `key:"eps" required:".3" in:"(0,inf)"`
	Part   float64 `key:"part" in:"[0,1)"`
	Signed float32 `key:"signed" in:"[-1,1]"`
	Free   int     `key:"free"`
	Way    string  `key:"way" oneof:"up down" default:"up"`
	Hue    colour  `key:"hue"`
	Last   period  `key:"last" default:"2s"`
	On     bool    `key:"on" default:"true"`
	Alpha  float32 `key:"alpha"`
	//lint:ignore U1000 a field without the tag is no key
	hidden int
}

func (w *walk) Validate() error {
	if w.Way == "down" && w.Steps > 50 {
		return errors.New("steps: want at most 50 downwards")
	}
	if w.Alpha == 0 {
		w.Alpha = w.Eps / 4
	}
	return nil
}

type net struct {
	Depth  int   `key:"depth" in:"[8,200]" default:"20"`
	Widths []int `key:"widths" in:"[1,512]" default:"16 32"`
}

type bare struct{}

var kinds = []spec.Kind[any]{
	{Name: "walk", New: func() any { return new(walk) }},
	{Name: "net", Shorthand: "depth", New: func() any { return new(net) }, Examples: []string{"net20", "net110"}},
	{Name: "bare", New: func() any { return new(bare) }},
}

func TestParse(t *testing.T) {
	base := walk{Steps: 10, Eps: .5, Way: "up", Last: period{2 * time.Second}, On: true, Alpha: .125}
	with := func(change func(*walk)) *walk { w := base; change(&w); return &w }
	for text, want := range map[string]any{
		"walk(eps=1/2)":                     &base,
		" walk ( eps = .5 , )":              &base,
		"walk(eps=.5,steps=1e2,seed=7)":     with(func(w *walk) { w.Steps, w.Seed = 100, 7 }),
		"walk(eps=.5,way=down,last=3m)":     with(func(w *walk) { w.Way, w.Last = "down", period{3 * time.Minute} }),
		"walk(eps=.5,hue=green,on=no)":      with(func(w *walk) { w.Hue, w.On = "green", false }),
		"walk(eps=.5,signed=-1/4,part=.25)": with(func(w *walk) { w.Signed, w.Part = -.25, .25 }),
		"walk(eps=.5,alpha=8/255)":          with(func(w *walk) { w.Alpha = 8. / 255 }),
		"net":                               &net{20, []int{16, 32}},
		"net110":                            &net{110, []int{16, 32}},
		"net(depth=110)":                    &net{110, []int{16, 32}},
		"net(widths= 8  1e2 64/2)":          &net{20, []int{8, 100, 32}},
		"bare()":                            &bare{},
	} {
		got, err := spec.Parse(text, kinds)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: want %+v, got %+v, %v", text, want, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                              `want one of walk, net20, net110, bare, got ""`,
		"wolk(":                         `want one of walk, net20, net110, bare, got "wolk"`,
		"7":                             `want one of walk, net20, net110, bare, got "7"`,
		"walk7(eps=.1)":                 `want one of walk, net20, net110, bare, got "walk7"`,
		"walk(eps=.1":                   "want a closing bracket at the end",
		"walk(eps)":                     `want key=value, got "eps"`,
		"walk(eps=.1,eps=.2)":           `key "eps" is given twice`,
		"walk":                          "eps: want a value, got none: write it like walk(eps=.3)",
		"walk(eps=)":                    "eps: want a value, got none",
		"walk(eps=0)":                   `eps: want a number in (0,+Inf), got "0"`,
		"walk(eps=1e-40)":               `eps: want a number in (0,+Inf), got "1e-40"`,
		"walk(eps=inf)":                 `eps: want a number in (0,+Inf), got "inf"`,
		"walk(eps=nan)":                 `eps: want a number in (0,+Inf), got "nan"`,
		"walk(eps=1/0)":                 `eps: want a number in (0,+Inf), got "1/0"`,
		"walk(eps=1,part=1)":            `part: want a number in [0,1), got "1"`,
		"walk(eps=1,steps=0)":           `steps: want a whole number in 1..100, got "0"`,
		"walk(eps=1,free=-1)":           `free: want a whole number in 0..1000000000, got "-1"`,
		"walk(eps=1,way=left)":          `way: want one of up, down, got "left"`,
		"walk(eps=1,hue=blue)":          `hue: want one of red, green, got "blue"`,
		"walk(eps=1,on=maybe)":          `on: want true or false, got "maybe"`,
		"walk(eps=1,seed=-1)":           `seed: want a whole number in 0..18446744073709551615, got "-1"`,
		"walk(eps=1,last=soon)":         `last: time: invalid duration "soon"`,
		"walk(ep=1)":                    `unknown key "ep", want one of alpha, eps, free, hue, last, on, part, seed, signed, steps, way`,
		"walk(eps=1,hidden=1)":          `unknown key "hidden", want one of alpha, eps, free, hue, last, on, part, seed, signed, steps, way`,
		"walk(eps=1,way=down,steps=60)": "steps: want at most 50 downwards",
		"net20(depth=20)":               `key "depth" is given twice: as net20 and in brackets`,
		"net(widths=8 0)":               `widths: want a whole number in 1..512, got "0"`,
		"net(widths=8;9)":               `widths: want a whole number in 1..512, got "8;9"`,
		"bare(x=1)":                     `unknown key "x": bare has no keys`,
		"net7":                          `depth: want a whole number in 8..200, got "7"`,
		"net99999999999999999999":       `depth: want a whole number in 8..200, got "99999999999999999999"`,
	} {
		if got, err := spec.Parse(text, kinds); err == nil || err.Error() != want {
			t.Errorf("%q: want the error %q, got %+v, %v", text, want, got, err)
		}
	}
}

func TestText(t *testing.T) {
	w := &walk{Steps: 10, Eps: 8. / 255, Way: "down", Last: period{2 * time.Second}, On: true, Alpha: .5, shared: shared{Seed: 3}}
	if got, want := spec.Text("walk", w), "walk(eps=0.03137255,way=down,alpha=0.5,seed=3)"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	want := "walk(steps=10,eps=0.03137255,part=0,signed=0,free=0,way=down,last=2s,alpha=0.5,seed=3)"
	if got := spec.FullText("walk", w, "on"); got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	if got := spec.Text("net", &net{20, []int{16, 32}}); got != "net" {
		t.Errorf("want the name alone for defaults, got %q", got)
	}
	if got := spec.FullText("net", &net{20, []int{8}}); got != "net(depth=20,widths=8)" {
		t.Errorf("want the list with spaces, got %q", got)
	}
	if p := spec.Params(w); p[0] != (spec.Param{Key: "steps", Value: "10", Help: "how many"}) || !p[len(p)-1].Common {
		t.Errorf("want the keys with their values, those of the embedded struct last and marked, got %+v", p)
	}
}

// An unknown name comes with what could be meant.
func TestUnknownError(t *testing.T) {
	_, err := spec.Parse("nett(depth=9)", kinds)
	var unknown *spec.UnknownError
	if !errors.As(err, &unknown) || unknown.What != "" || unknown.Got != "nett" || !slices.Equal(unknown.Known, []string{"walk", "net20", "net110", "bare"}) {
		t.Errorf("want the name and those to offer, got %+v, %v", unknown, err)
	}
	if _, err = spec.Parse("net(width=9)", kinds); !errors.As(err, &unknown) || unknown.What != "key" || unknown.Got != "width" || !slices.Equal(unknown.Known, []string{"depth", "widths"}) {
		t.Errorf("want the key and those to offer, got %+v, %v", unknown, err)
	}
	if _, err = spec.Parse("net7", kinds); errors.As(err, &unknown) {
		t.Errorf("want another error for a known name, got %v", err)
	}
}

// A value that is written and read again is the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"net56", "walk(eps=8/255,signed=-.1,last=1h)", "walk(eps=1,hue=red,on=no)", "walk(", "net(depth=20,)", "net(widths=3 4)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := spec.Parse(text, kinds)
		if err != nil {
			return
		}
		name, _, _ := strings.Cut(strings.TrimRight(strings.TrimSpace(text), "0123456789"), "(")
		for _, as := range []string{spec.Text(strings.TrimSpace(name), v), spec.FullText(strings.TrimSpace(name), v)} {
			if again, err := spec.Parse(as, kinds); err != nil || !reflect.DeepEqual(again, v) {
				t.Errorf("%q is %+v, written as %q and read as %+v, %v", text, v, as, again, err)
			}
		}
	})
}

func TestNumbersAsWritten(t *testing.T) {
	for _, v := range []float32{0, .1, 8. / 255, 0x1p-126, 3e38} {
		if got, err := spec.ParseNumber(spec.FormatNumber(v)); err != nil || got != v {
			t.Errorf("want %g again, got %g, %v", v, got, err)
		}
	}
}

func Example() {
	type blur struct {
		Radius float32 `key:"radius" in:"(0,100]" default:"1.5" help:"in pixels"`
	}
	kinds := []spec.Kind[*blur]{{Name: "blur", New: func() *blur { return new(blur) }}}
	b, _ := spec.Parse("blur(radius=2)", kinds)
	fmt.Println(b.Radius, spec.Text("blur", b))
	_, err := spec.Parse("blur(radius=0)", kinds)
	fmt.Println(err)
	// Output:
	// 2 blur(radius=2)
	// radius: want a number in (0,100], got "0"
}

// Defaults are those of keys that are not given, whatever the value holds.
func TestDefaults(t *testing.T) {
	type keys struct {
		Eps   float32 `key:"eps" required:".3" in:"(0,1]" help:"size"`
		Steps int     `key:"steps" default:"20"`
		Kind  string  `key:"kind"`
	}
	want := []spec.Param{{Key: "eps", Value: "such as .3", Help: "size"}, {Key: "steps", Value: "20"}, {Key: "kind"}}
	for _, v := range []keys{{}, {Eps: 1, Steps: 3, Kind: "a"}} {
		if got := spec.Defaults(&v); !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
