package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/pipelines/npz"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/evaluation"
)

// content is an evaluation of two images of 1x2x1, of which the first is broken at
// .25.
func content() Content {
	shape := pipelines.Shape{H: 1, W: 2, C: 1}
	none := attacks.ImageResult{Done: true, Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance, Tried: "0"}
	found := attacks.ImageResult{Done: true, Distance: .25, ThreatDistance: .25, Class: 1, Tried: "1", Image: []float32{.25, .5}}
	return Content{
		Model: "runs/a", Checkpoint: "last", Shape: shape,
		Images: attacks.Images{Pixels: []float32{.5, .5, .75, 1}, Labels: []int32{0, 1}, Index: []int{3, 5}},
		Record: report.Record{Format: report.RecordFormat, About: report.About{Set: "two", Shape: [3]int{1, 2, 1}, Classes: 2}, Evaluation: attacks.Evaluation{
			Norm: attacks.Linf, Radii: []float32{.1, .3}, Images: 2, Pixels: 2, CleanCorrect: 2, Labels: []int32{0, 1}, Index: []int{3, 5}, Clean: []int32{0, 1},
			Attacks: []attacks.AttackResult{{Attack: "fgsm", Name: "fgsm", Family: attacks.WhiteBox, Norm: attacks.Linf, Radii: []float32{.1, .3}, Params: []attacks.Param{}, Results: []attacks.ImageResult{found, none}}},
		}},
	}
}

func encode(t testing.TB, c Content) []byte {
	t.Helper()
	raw, err := Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func read(raw []byte) (*Bundle, error) { return Read(bytes.NewReader(raw), int64(len(raw))) }

// A bundle holds what went into it, with the originals or with their hashes.
func TestRoundTrip(t *testing.T) {
	c := content()
	b, err := read(encode(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(b.Originals, c.Images) || len(b.damaged) > 0 || b.Model != "runs/a" {
		t.Errorf("want the originals of %+v, got %+v", c, b)
	}
	if want := []Example{{Attack: 0, Image: 0, Pixels: []float32{.25, .5}, Class: 1}}; !reflect.DeepEqual(b.Examples, want) {
		t.Errorf("examples: want %+v, got %+v", want, b.Examples)
	}
	want := Figures{Images: 2, CleanCorrect: 2, Attacked: []Figure{{Size: .1, Left: 2}, {Size: .3, Left: 1}}}
	if !reflect.DeepEqual(b.Figures, want) {
		t.Errorf("figures: want %+v, got %+v", want, b.Figures)
	}
	c.WithoutOriginals = true
	if b, err = read(encode(t, c)); err != nil || b.Originals.Pixels != nil || b.Hashes[1] != hashImage(c.Images.Pixels[2:]) {
		t.Errorf("hashes alone: %+v, %v", b, err)
	}
	if err := b.TakeOriginals(c.Images); err != nil || b.Originals.Pixels == nil {
		t.Error(err)
	}
	c.Images.Index = []int{3, 6}
	if err := b.TakeOriginals(c.Images); err == nil {
		t.Error("other places were taken")
	}
}

// What examples do not show does not count: a distance smaller than that of the
// stored example is that of the example.
func TestBackedByExamples(t *testing.T) {
	c := content()
	c.Record.Evaluation.Attacks[0].Results[0].ThreatDistance = .05
	b, err := read(encode(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Record.Evaluation.Attacks[0].Results[0].ThreatDistance; got != .25 || b.Farther != 1 || b.Figures.Attacked[0].Left != 2 {
		t.Errorf("want a distance of .25, got %g, %+v", got, b.Manifest)
	}
	c.Record.Evaluation.Attacks[0].Results[0].Image = nil
	if _, err := Encode(c); err == nil || !strings.Contains(err.Error(), "image 3") {
		t.Errorf("no example stored: %v", err)
	}
	c = content()
	c.Record.Set = "facescrub"
	if _, err := Encode(c); err == nil {
		t.Error("faces were bundled")
	}
}

// unzip are the files of a bundle.
func unzip(t testing.TB, raw []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		all[f.Name] = b.Bytes()
	}
	return all
}

func rezip(t testing.TB, all map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		w, err := z.Create(strings.TrimSuffix(name, "+"))
		if err == nil {
			_, err = w.Write(all[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Hostile and damaged files are refused, in a short message.
func TestRefuse(t *testing.T) {
	good := encode(t, content())
	with := func(change func(all map[string][]byte)) []byte {
		all := unzip(t, good)
		change(all)
		return rezip(t, all)
	}
	swap := func(name, old, fresh string) []byte {
		return with(func(all map[string][]byte) {
			if !bytes.Contains(all[name], []byte(old)) {
				t.Fatalf("%s has no %s", name, old)
			}
			all[name] = bytes.Replace(all[name], []byte(old), []byte(fresh), 1)
		})
	}
	arrays := func(list ...npz.Array) []byte {
		raw, err := npz.Encode(list...)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	zeros := arrays(npz.Float32("images", make([]float32, 1<<20), 1<<19, 1, 2, 1), npz.Int32("labels", nil, 0), npz.Int32("predicted", nil, 0), npz.Float32("eps", nil, 0), npz.Int32("index", nil, 0), npz.Int32("attack", nil, 0), npz.Uint8("attacks", nil, 0))
	for name, row := range map[string]struct {
		raw  []byte
		want string
	}{
		"empty":            {nil, "zip"},
		"text":             {[]byte("hello"), "zip"},
		"cut":              {good[:len(good)/2], "zip"},
		"path":             {with(func(all map[string][]byte) { all["../../evil"] = nil }), "names of their own"},
		"more":             {with(func(all map[string][]byte) { all["more.txt"] = nil }), "names of their own"},
		"twice":            {with(func(all map[string][]byte) { all[recordFile+"+"] = nil }), "twice"},
		"no record":        {with(func(all map[string][]byte) { delete(all, recordFile) }), "no evaluation.json"},
		"no manifest":      {with(func(all map[string][]byte) { delete(all, manifestFile) }), "no manifest.json"},
		"bomb":             {with(func(all map[string][]byte) { all[manifestFile] = make([]byte, maxManifest+1) }), "at most 4 MB"},
		"rows":             {with(func(all map[string][]byte) { all[examplesFile] = zeros }), "examples.npz"},
		"manifest":         {with(func(all map[string][]byte) { all[manifestFile] = []byte("[]") }), "manifest.json"},
		"format":           {swap(manifestFile, `"unwarp_bundle": 1`, `"unwarp_bundle": 9`), "format 1"},
		"another image":    {swap(recordFile, `"index":[3,5]`, `"index":[3,6]`), "places"},
		"shape":            {swap(recordFile, `"shape":[1,2,1]`, `"shape":[3,2,1]`), "shape"},
		"lengths":          {swap(recordFile, `"labels":[0,1]`, `"labels":[0]`), "labels"},
		"originals of one": {with(func(all map[string][]byte) { all[originalsFile] = arrays(npz.Int32("labels", []int32{0}, 1)) }), "originals.npz"},
	} {
		_, err := read(row.raw)
		if err == nil || !strings.Contains(err.Error(), row.want) || len(err.Error()) > 300 {
			t.Errorf("%s: want an error with %q, got %v", name, row.want, err)
		}
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
	path := filepath.Join(t.TempDir(), "large.zip")
	f, err := os.Create(path)
	if err == nil {
		err = f.Truncate(maxBundle + 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a large file: %v", err)
	}
}

// A file that is not the one of the manifest is named.
func TestDamaged(t *testing.T) {
	all := unzip(t, encode(t, content()))
	all[recordFile] = append(all[recordFile], ' ')
	b, err := read(rezip(t, all))
	if err != nil || !slices.Equal(b.damaged, []string{recordFile}) {
		t.Errorf("want the record named, got %+v, %v", b, err)
	}
}

// FuzzRead wants no bundle, whatever is in it, to end the program, and what is read
// to be consistent.
func FuzzRead(f *testing.F) {
	good := encode(f, content())
	f.Add(good)
	short := content()
	short.WithoutOriginals = true
	f.Add(encode(f, short))
	for _, name := range []string{manifestFile, recordFile, examplesFile} {
		all := unzip(f, good)
		all[name] = all[name][:len(all[name])/2]
		f.Add(rezip(f, all))
	}
	f.Add(good[:len(good)-10])
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := read(raw)
		if err != nil {
			return
		}
		ev := &b.Record.Evaluation
		if len(b.Hashes) != ev.Images || b.Originals.Pixels != nil && len(b.Originals.Pixels) != ev.Images*ev.Pixels {
			t.Errorf("%d images, %d hashes, %d values", ev.Images, len(b.Hashes), len(b.Originals.Pixels))
		}
		for _, e := range b.Examples {
			if e.Image >= ev.Images || e.Attack >= len(ev.Attacks) || len(e.Pixels) != ev.Pixels {
				t.Errorf("example %+v", e)
			}
		}
		figuresOf(&b.Record)
		var id evaluation.Identity
		_ = json.Unmarshal(b.Identity, &id)
	})
}
