package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// numeric reports whether values of t, or of its elements, are numbers. Seeds are
// left out: each of the 2^64 is as good as another.
func numeric(t reflect.Type) bool {
	if t.Kind() == reflect.Slice && !readsText(t) {
		t = t.Elem()
	}
	return !readsText(t) && t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64 && t.Kind() != reflect.Uint64
}

// upper is the upper end of a tag in.
func upper(t *testing.T, key, tag string) float64 {
	_, high, _ := strings.Cut(strings.Trim(tag, "[]()"), ",")
	n, err := strconv.ParseFloat(high, 64)
	if err != nil || math.IsInf(n, 0) {
		t.Errorf("%s: want a finite upper bound in the tag in, got %q", key, tag)
	}
	return n
}

// Every number of the configuration has an upper bound, above which a value is
// refused with the key's name.
func TestEveryNumberIsBounded(t *testing.T) {
	clean(t)
	found := 0
	for _, f := range fields() {
		if !numeric(f.typ) {
			continue
		}
		found++
		tag, ok := f.tag.Lookup("in")
		if !ok {
			t.Errorf("%s: want the tag in", f.key)
			continue
		}
		most := upper(t, f.key, tag)
		for _, value := range []float64{2*most + 1, 1e15} {
			if value <= most {
				continue
			}
			set := f.key + "=" + strconv.FormatFloat(value, 'f', -1, 64)
			if f.typ.Kind() == reflect.Slice {
				set = f.key + "=[" + strconv.FormatFloat(value, 'f', -1, 64) + "]"
			}
			_, err := Resolve(Default(), Source{Set: []string{set}})
			if err == nil || !strings.HasPrefix(err.Error(), f.key+": want ") || len(err.Error()) > 300 {
				t.Errorf("%s: want an error that names the key, got %v", set, err)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d numbers found", found)
	}
}

// Durations are bounded by what they can be written as.
func TestDurationsAreBounded(t *testing.T) {
	clean(t)
	for _, f := range fields() {
		if f.typ != reflect.TypeFor[trainer.Duration]() {
			continue
		}
		for _, unit := range []string{"ep", "st", "ex"} {
			if _, err := Resolve(Default(), Source{Set: []string{f.key + "=2e9" + unit}}); err == nil || !strings.Contains(err.Error(), f.key+": ") || !strings.Contains(err.Error(), "0 to 1000000000") {
				t.Errorf("%s: got %v", f.key, err)
			}
		}
	}
}

// specs are all values that a text of the configuration can name, by its key.
func specs(t *testing.T) map[string]any {
	all := map[string]any{}
	for _, name := range attacks.Names() {
		a, err := attacks.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		all["attack.attacks="+name] = a
	}
	for _, text := range []string{"fgsm(eps=.1)", "pgd(eps=.1)", "trades(eps=.1)", "fast(eps=.1)", "free(eps=.1)"} {
		var a trainer.Adversary
		if err := a.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		all["train.adversary="+text] = a.Method
	}
	for _, text := range []string{"ibp(eps=.1)", "crown-ibp(eps=.1)", "mtl-ibp(eps=.1)", "sabr(eps=.1)"} {
		var c trainer.Certified
		if err := c.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		all["train.certified="+text] = c.Method
	}
	all["train.verified=ibp"] = new(trainer.Verification)
	all["model.encoder=resnet"] = new(graphs.ResNet)
	all["train.attacked=pgd"] = new(trainer.ValidationAttack)
	return all
}

// specFields calls f for the keys of a spec, those of embedded structs included.
func specFields(t reflect.Type, f func(key string, field reflect.StructField)) {
	for i := range t.NumField() {
		field := t.Field(i)
		if key := field.Tag.Get("key"); key != "" {
			f(key, field)
		} else if field.Anonymous && field.Type.Kind() == reflect.Struct {
			specFields(field.Type, f)
		}
	}
}

// Every number in the brackets of an attack, an adversary or an encoder has an
// upper bound too.
func TestEveryNumberOfSpecsIsBounded(t *testing.T) {
	for of, v := range specs(t) {
		specFields(reflect.TypeOf(v).Elem(), func(key string, field reflect.StructField) {
			if !numeric(field.Type) {
				return
			}
			tag, ok := field.Tag.Lookup("in")
			if !ok {
				t.Errorf("%s: %s: want the tag in", of, key)
				return
			}
			most := upper(t, of+": "+key, tag)
			if name, ok := strings.CutPrefix(of, "attack.attacks="); ok {
				text := fmt.Sprintf("%s(%s=%d)", name, key, 2*int(most)+1)
				if _, err := attacks.Parse(text); err == nil || !strings.Contains(err.Error(), key+": want ") {
					t.Errorf("%s: want an error that names %s, got %v", text, key, err)
				}
			}
		})
	}
	for text, key := range map[string]string{
		"attack.eps=1e-40": "attack.eps: want 0 or a number of at least", "attack.norm=l2;attack.eps=1e30": "attack.eps: want radii of at most",
		"train.adversary=pgd(eps=.1,alpha=1e30)": "train.adversary: alpha: want", "train.adversary=pgd(eps=1e30,norm=l2)": "train.adversary: eps: want",
		"train.adversary=pgd(eps=.1,ramp=1e12ep)": "train.adversary: ramp: duration", "train.augment=resize(1e6)": "train.augment: ", "train.augment=crop(99999)": "train.augment: ",
		"train.augment=contrast(1,1e9)": "train.augment: ", "train.augment=" + strings.Repeat("flip|", 99) + "flip": "train.augment: ", "attack.attacks=pgd(eps=1e-40)": "attack.attacks: attack \"pgd(eps=1e-40)\": eps: want 0 or",
		"train.objective.lambda=1e-40": "train.objective.lambda: want 0 or a number of at least", "train.schedule.rate=1e-40": "train.schedule.rate: want 0 or",
	} {
		_, err := Resolve(Default(), Source{Set: strings.Split(text, ";")})
		if err == nil || !strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "eps: eps:") {
			t.Errorf("%.80s: want an error that says %q, got %v", text, key, err)
		}
	}
}

// The range of a number stands in what explains it.
func TestRangesAreShown(t *testing.T) {
	for key, want := range map[string]string{"train.batch": "1..65536", "train.average": "[0,1)", "seed": "", "data.path": "", "model.mean": "[0,1]"} {
		k, err := Explain(key)
		if err != nil || len(k) != 1 || k[0].Range != want {
			t.Errorf("%s: want the range %q, got %+v, %v", key, want, k, err)
		}
	}
	if text, err := Markdown(); err != nil || !strings.Contains(text, "| `train.batch` | `128` | 1..65536 | ") {
		t.Errorf("KEYS.md shows no ranges: %v", err)
	}
}

// The largest value that each key may have is refused by name, or a plan can be
// made with it: nothing ends the program.
func TestLargestValues(t *testing.T) {
	clean(t)
	for _, f := range fields() {
		if !numeric(f.typ) || f.typ.Kind() == reflect.Slice {
			continue
		}
		tag := f.tag.Get("in")
		value := strconv.FormatFloat(upper(t, f.key, tag), 'f', -1, 64)
		c, err := Resolve(Default(), Source{Set: []string{f.key + "=" + value}})
		if err != nil {
			if !strings.Contains(err.Error(), f.key) {
				t.Errorf("%s=%s: want an error that names the key, got %v", f.key, value, err)
			}
			continue
		}
		if strings.HasPrefix(f.key, "data.") {
			_, err = pipelines.Open(t.Context(), c.Data)
			if err != nil && (!strings.Contains(err.Error(), "data.") || len(err.Error()) > 350) {
				t.Errorf("%s=%s: want an error that names what to change, got %v", f.key, value, err)
			}
		}
	}
}
