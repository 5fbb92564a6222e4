package evaluation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
)

// attackKeys are the fields of config.Attack: how each is changed, for the
// identity to change with it, or why it need not.
var attackKeys = map[string]struct {
	change func(a *config.Attack)
	why    string // it does not decide a figure
}{
	"Images":      {why: "the images themselves are hashed and counted"},
	"Batch":       {why: "a result does not depend on what is computed beside it"},
	"Threat":      {change: func(a *config.Attack) { a.Threat = "l1" }},
	"Sizes":       {why: "those of a geometric threat stand under eps: TestIdentityOfThreats"},
	"Corruptions": {why: "a table of corruptions has an identity of its own"},
	"Norm":        {change: func(a *config.Attack) { a.Norm = attacks.L2 }},
	"Eps":         {change: func(a *config.Attack) { a.Eps = ".05" }},
	"Attacks":     {change: func(a *config.Attack) { a.Attacks = []string{"fgsm(loss=margin)"} }},
	"Lattice":     {change: func(a *config.Attack) { a.Lattice = 255 }},
	"Exhaustive":  {change: func(a *config.Attack) { a.Exhaustive = true }},
	"Precision":   {change: func(a *config.Attack) { a.Precision = graphs.Bfloat16 }},
	"Passes":      {why: "it ends the evaluation; what is done stays as it is"},
	"Minutes":     {why: "as passes"},
	"Checks":      {why: "checks are not in the journal"},
	"Sources":     {why: "what they hold is hashed: TestIdentityOfSources"},
	"Baseline":    {why: "only checks compare with it"},
	"Defence":     {change: func(a *config.Attack) { a.Defence = "quantise" }},
	"Certify":     {change: func(a *config.Attack) { a.Certify = "ibp" }},
	"Require":     {why: "figures are compared with it; it decides none"},
}

// optionKeys are the fields of engine.Options: under which key of the identity
// each stands, or why it need not.
var optionKeys = map[string]struct{ key, why string }{
	"Attacks":    {key: "attack.attacks"},
	"Eps":        {key: "attack.eps"},
	"Batch":      {why: "a result does not depend on what is computed beside it"},
	"Exhaustive": {key: "attack.exhaustive"},
	"Passes":     {why: "it ends the evaluation; what is done stays as it is"},
	"Time":       {why: "as passes"},
	"Keep":       {key: "examples_stored"},
	"LossCurves": {key: "losses_stored"},
	"Sources":    {key: "attack.sources"},
	"Shard":      {key: "shard"},
}

var oneImage = attacks.Images{Pixels: []float32{.6}, Labels: []int32{1}, Index: []int{0}}

// identityText is the identity of an evaluation as the journal has it.
func identityText(t *testing.T, change func(a *config.Attack)) string {
	t.Helper()
	e, err := New(t.Context(), subject(change), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return marshalIdentity(t, e.Identity(oneImage))
}

func marshalIdentity(t *testing.T, id Identity) string {
	t.Helper()
	raw, err := json.Marshal(id)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestIdentityHoldsAll fails when a new key of the configuration, or a new option
// of the engine, is neither in the identity nor known not to decide a figure.
func TestIdentityHoldsAll(t *testing.T) {
	plain := identityText(t, func(*config.Attack) {})
	if again := identityText(t, func(*config.Attack) {}); again != plain {
		t.Errorf("the same evaluation has two identities:\n%s\n%s", plain, again)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Attack]()) {
		k, ok := attackKeys[f.Name]
		switch {
		case !ok:
			t.Errorf("config.Attack.%s: want it in the identity, or the reason why it decides no figure", f.Name)
		case k.change == nil && k.why == "":
			t.Errorf("config.Attack.%s: no reason", f.Name)
		case k.change != nil && f.Name == "Precision" && !canBfloat16(t):
		case k.change != nil && identityText(t, k.change) == plain:
			t.Errorf("config.Attack.%s: another value has the same identity", f.Name)
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[engine.Options]()) {
		k, ok := optionKeys[f.Name]
		if !ok || (k.key == "") == (k.why == "") {
			t.Errorf("engine.Options.%s: want its key in the identity, or the reason why it decides no figure", f.Name)
		}
		if k.key != "" && !slices.Contains(leafNames(reflect.TypeFor[Identity](), ""), k.key) {
			t.Errorf("engine.Options.%s: the identity has no key %s", f.Name, k.key)
		}
	}
}

func canBfloat16(t *testing.T) bool {
	t.Helper()
	e, err := New(t.Context(), subject(func(a *config.Attack) { a.Precision = graphs.Bfloat16 }), 0)
	if err != nil {
		return false
	}
	e.Close()
	return true
}

// leafNames are the keys of a struct in JSON.
func leafNames(t reflect.Type, prefix string) (all []string) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() == reflect.Struct && name != "" {
			all = append(all, leafNames(f.Type, prefix+name+".")...)
		} else if name != "" {
			all = append(all, prefix+name)
		}
	}
	return all
}

// TestIdentityFields: each field of the identity counts: another value of it is
// another identity, and none is left out of the JSON.
func TestIdentityFields(t *testing.T) {
	e, err := New(t.Context(), subject(func(*config.Attack) {}), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	id := e.Identity(oneImage)
	id.Attack.Sources = []SourceIdentity{{"other", ModelIdentity{"w", "g", map[string]string{"k": "v"}, graphs.Float32}}}
	plain := marshalIdentity(t, id)
	var change func(v reflect.Value, path string)
	change = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				change(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
			return
		case reflect.Slice, reflect.Array:
			if v.Len() == 0 {
				t.Fatalf("%s: empty in this test", path)
			}
			change(v.Index(0), path+"[0]")
			return
		}
		old := reflect.ValueOf(v.Interface())
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Float32:
			v.SetFloat(v.Float() + 1)
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Uint64:
			v.SetUint(v.Uint() + 1)
		case reflect.Map:
			v.Set(reflect.ValueOf(map[string]string{"a": "b"}))
		default:
			t.Fatalf("%s: this test cannot change a %s", path, v.Kind())
		}
		if marshalIdentity(t, id) == plain {
			t.Errorf("%s does not count", path)
		}
		v.Set(old)
	}
	change(reflect.ValueOf(&id).Elem(), "Identity")
	if marshalIdentity(t, id) != plain {
		t.Fatal("the test left something changed")
	}
}

// TestIdentityOfImages: pixels, labels and places count.
func TestIdentityOfImages(t *testing.T) {
	e, err := New(t.Context(), subject(func(*config.Attack) {}), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	seen := map[string]string{}
	for name, set := range map[string]attacks.Images{
		"one":    oneImage,
		"pixels": {Pixels: []float32{.7}, Labels: []int32{1}, Index: []int{0}},
		"labels": {Pixels: []float32{.6}, Labels: []int32{0}, Index: []int{0}},
		"index":  {Pixels: []float32{.6}, Labels: []int32{1}, Index: []int{5}},
		"two":    {Pixels: []float32{.6, .6}, Labels: []int32{1, 1}, Index: []int{0, 1}},
	} {
		text := marshalIdentity(t, e.Identity(set))
		if other, twice := seen[text]; twice {
			t.Errorf("%s and %s have one identity", name, other)
		}
		seen[text] = name
	}
}

// TestIdentityNamesDefaults: an attack stands with all of its keys, since a later
// version may have other defaults.
func TestIdentityNamesDefaults(t *testing.T) {
	text := identityText(t, func(a *config.Attack) { a.Attacks = []string{"pgd(steps=7)"} })
	for _, want := range []string{`"name":"pgd"`, `"steps":"7"`, `"restarts":`, `"loss":`, `"seed":`} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in %s", want, text)
		}
	}
	if !strings.Contains(text, `"defence":"none"`) || !strings.Contains(text, fmt.Sprintf("%q", "model.border")) {
		t.Errorf("want defence and model in %s", text)
	}
}

// TestIdentityOfThreats: the threat and its sizes count.
func TestIdentityOfThreats(t *testing.T) {
	seen := map[string]string{}
	for _, c := range [][2]string{{"rotate(30)", ""}, {"rotate(20)", "6 12 18"}, {"rotate(30)", "5 10"}, {"rotate(30,border=edge)", ""}, {"translate(2px)", ""}, {"translate(2px,whole)", ""}} {
		set := attacks.Images{Pixels: make([]float32, 9), Labels: []int32{1}, Index: []int{0}}
		e, err := New(t.Context(), geometricSubject(func(a *config.Attack) { a.Threat, a.Sizes = c[0], c[1] }), 3)
		if err != nil {
			t.Fatal(err)
		}
		text := marshalIdentity(t, e.Identity(set))
		e.Close()
		if !strings.Contains(text, c[0]) {
			t.Errorf("want %s in %s", c[0], text)
		}
		if other, twice := seen[text]; twice {
			t.Errorf("%v and %s have one identity", c, other)
		}
		seen[text] = fmt.Sprint(c)
	}
}
