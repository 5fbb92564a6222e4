package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"unwarp/pipelines"
	"unwarp/trainer"
)

// clean removes the tester's own settings from the environment.
func clean(t *testing.T) {
	t.Helper()
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(notKeys, name) {
			t.Setenv(name, value) // restores it afterwards
			os.Unsetenv(name)
		}
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// text is a configuration as a file: an empty list and none are the same.
func text(t *testing.T, c Config) string {
	t.Helper()
	raw, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestDefaultIsAccepted(t *testing.T) {
	clean(t)
	c, err := Load(Default(), Source{})
	if err != nil {
		t.Fatal(err)
	}
	if want, got := text(t, Default()), text(t, c); got != want {
		t.Errorf("gathering nothing changes the default:\nwant %s\ngot  %s", want, got)
	}
}

func TestOrder(t *testing.T) {
	clean(t)
	file := write(t, "seed: 2\nthreads: 2\ntrain: {batch: 2}\nmodel: {width: 2}\n")
	t.Setenv("UNWARP_THREADS", "3")
	t.Setenv("UNWARP_TRAIN_BATCH", "3")
	t.Setenv("UNWARP_MODEL_WIDTH", "3")
	t.Setenv("UNWARP_ATTACK_BATCH", "") // as good as unset
	c, err := Load(Default(), Source{
		File: file,
		Flag: []Flag{{"batch", "train.batch", "4"}, {"width", "model.width", "4"}},
		Set:  []string{"model.width=5", "model.width=6"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Seed != 2 || c.Threads != 3 || c.Train.Batch != 4 || c.Model.Width != 6 || c.Attack.Batch != Default().Attack.Batch {
		t.Errorf("got seed %d (file), threads %d (environment), batch %d (flag), width %d (--set), attack batch %d (default)",
			c.Seed, c.Threads, c.Train.Batch, c.Model.Width, c.Attack.Batch)
	}
}

// The default numbers of images are those of glyphs: another set comes whole,
// unless they are given.
func TestSizesOfSet(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	file := write(t, "data: {set: mnist, path: "+dir+", test: 7}\n")
	for name, row := range map[string]struct {
		base Config
		src  Source
		want [3]int // train, validation, test
	}{
		"glyphs":        {Default(), Source{Set: []string{"data.test=30"}}, [3]int{10000, 1000, 30}},
		"file":          {Default(), Source{File: file}, [3]int{0, 0, 7}},
		"flag":          {Default(), Source{Set: []string{"data.set=folder", "data.path=" + dir, "data.validation=100"}}, [3]int{0, 100, 0}},
		"the same set":  {Config{Data: pipelines.Data{Set: "mnist", Train: 5, Validation: 6, Test: 7}}, Source{Set: []string{"data.path=" + dir}}, [3]int{5, 6, 7}},
		"another flag":  {Default(), Source{File: file, Flag: []Flag{{"train", "data.train", "3"}}}, [3]int{3, 0, 7}},
		"back to glyph": {Config{Data: pipelines.Data{Set: "mnist", Train: 5, Validation: 6, Test: 7}}, Source{Set: []string{"data.set=glyphs"}}, [3]int{0, 0, 0}},
	} {
		c, err := gather(row.base, row.src)
		if got := [3]int{c.Data.Train, c.Data.Validation, c.Data.Test}; err != nil || got != row.want {
			t.Errorf("%s: want %v, got %v, %v", name, row.want, got, err)
		}
	}
}

// TestRoundTrip writes a configuration in which nothing has its default value
// and reads it back.
func TestRoundTrip(t *testing.T) {
	clean(t)
	images := t.TempDir()
	c, err := Load(Default(), Source{Set: []string{
		"run=x: y", "seed=18446744073709551615", "device=cpu", "threads=3",
		"data.set=idx", "data.path=" + images, "data.classes=12",
		"model.kind=reconstruction", "model.dropout=.25", "model.encoder=resnet(depth=26)", "model.head=linear()",
		"model.normalise=set", "model.mean=[.1, .30000001]", "model.std=[1e-3, 7]",
		"train.augment=crop(24)|deform(shift=1..2)", "train.duration=300st", "train.checkpoint=5%", "train.optimizer.clip_norm=1e-3", "train.average=.99",
		"train.adversary=pgd(eps=8/255,norm=l2,ramp=2ep,target=clean)", "train.attacked=pgd(eps=.1,images=7)", "precision=auto",
		"train.teacher=runs/other", "train.objective.temperature=20", "train.objective.input_gradient=.5", "train.objective.lambda_ramp=2ep",
		"attack.attacks=[fgsm(loss=margin), 'bim(steps=3,alpha=.01)']", "attack.eps=8/255 .1", "attack.norm=l2",
		"export.input=uint8", "export.inference_only=true",
	}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(write(t, string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, back); got != string(raw) {
		t.Errorf("want\n%s\ngot\n%s", raw, got)
	}
	if !filepath.IsAbs(c.Train.Teacher) {
		t.Errorf("want a teacher that is found from any folder, got %q", c.Train.Teacher)
	}
	if c.Seed != 1<<64-1 || c.Run != "x: y" || len(c.Attack.Attacks) != 2 || !c.Export.InferenceOnly {
		t.Errorf("got %+v", c)
	}
}

func TestSet(t *testing.T) {
	clean(t)
	for _, row := range []struct {
		set  string
		got  func(c Config) any
		want any
	}{
		{"run=007", func(c Config) any { return c.Run }, "007"},
		{"run=yes", func(c Config) any { return c.Run }, "yes"},
		{"run=1e3", func(c Config) any { return c.Run }, "1e3"},
		{"run=", func(c Config) any { return c.Run }, ""},
		{"run='a b'", func(c Config) any { return c.Run }, "a b"},
		{`run="007"`, func(c Config) any { return c.Run }, "007"},
		{"run=a=b", func(c Config) any { return c.Run }, "a=b"},
		{"run=[x]", func(c Config) any { return c.Run }, "[x]"},
		{"run=@x", func(c Config) any { return c.Run }, "@x"},
		{" SEED =3", func(c Config) any { return c.Seed }, uint64(3)},
		{"train.optimizer.epsilon=1e-5", func(c Config) any { return c.Train.Optimizer.Epsilon }, float32(1e-5)},
		{"model.encoder=resnet20", func(c Config) any { return c.Model.Encoder }, "resnet20"},
		{"model.encoder=resnet(depth=110)", func(c Config) any { return c.Model.Encoder }, "resnet(depth=110)"},
		{"model.head=linear", func(c Config) any { return c.Model.Head }, "linear"},
		{"model.normalise=channel", func(c Config) any { return string(c.Model.Normalise) }, "channel"},
		{"model.dropout=-1", func(c Config) any { return c.Model.Dropout }, float32(-1)},
		{"model.dropout=0", func(c Config) any { return c.Model.Dropout }, float32(0)},
		{"train.batch=6.4e1", func(c Config) any { return c.Train.Batch }, 64},
		{"train.adversary=pgd(eps=.3, steps=2)", func(c Config) any { return c.Train.Adversary.Method.(*trainer.PGD).Steps }, 2},
		{"train.adversary=", func(c Config) any { return c.Train.Adversary.Off() }, true},
		{"train.attacked=off", func(c Config) any { return c.Train.Attacked.String() }, "off"},
		{"precision=float32", func(c Config) any { return string(c.Precision) }, "float32"},
		{"train.augment=", func(c Config) any { return c.Train.Augment.String() }, ""},
		{"train.duration='12ep'", func(c Config) any { return c.Train.Duration.String() }, "12ep"},
		{"attack.eps=.1", func(c Config) any { return c.Attack.Eps }, ".1"},
		{"attack.eps=8/255 .1", func(c Config) any { return c.Attack.Eps }, "8/255 .1"},
		{"attack.attacks=fgsm", func(c Config) any { return c.Attack.Attacks }, []string{"fgsm"}},
		{"attack.attacks=[random, fgsm]", func(c Config) any { return c.Attack.Attacks }, []string{"random", "fgsm"}},
		{"attack.attacks=", func(c Config) any { return len(c.Attack.Attacks) }, 0},
		{"attack.attacks=[]", func(c Config) any { return len(c.Attack.Attacks) }, 0},
		{"export.inference_only=true", func(c Config) any { return c.Export.InferenceOnly }, true},
	} {
		c, err := Load(Default(), Source{Set: []string{row.set}})
		if err != nil {
			t.Errorf("%s: %v", row.set, err)
			continue
		}
		if got := row.got(c); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: want %#v, got %#v", row.set, row.want, got)
		}
	}
}

func TestRefused(t *testing.T) {
	clean(t)
	const many = "seed: 1\n"
	for _, row := range []struct {
		file, env, set string
		names          string // separated by ;
	}{
		{set: "train.batch", names: "--set train.batch;KEY=VALUE"},
		{set: "=3", names: "--set"},
		{set: "train.bach=3", names: "train.bach;train.batch"},
		{set: "duration=3st", names: "duration;train.duration"},
		{set: "train=3", names: "train;parts"},
		{set: "train.batch.size=3", names: "train.batch has no parts"},
		{set: "train.batch=", names: "--set;train.batch;number"},
		{set: "train.batch=true", names: "--set;train.batch;number;true"},
		{set: "train.batch=12.5", names: "train.batch;whole;12.5"},
		{set: "train.batch=1e40", names: "train.batch;2^53"},
		{set: `train.batch="12"`, names: `train.batch;number;"12"`},
		{set: "train.batch=[1,2]", names: "train.batch;number;list"},
		{set: "train.batch={a: 1}", names: "train.batch;number"},
		{set: "train.batch=[1", names: "train.batch;YAML"},
		{set: "train.batch=0", names: "train.batch;1..65536;0"},
		{set: "train.duration=3", names: "train.duration;3;30ep"},
		{set: "train.duration=[3]", names: "train.duration;[3]"},
		{set: "seed=-1", names: "seed;0 to;-1"},
		{set: "seed=1e30", names: "seed;1e+30"},
		{set: "threads=-1", names: "threads;-1"},
		{set: "device=tpu", names: "device;tpu"},
		{set: "precision=half", names: "precision;bfloat16;half"},
		{set: "train.adversary=pgdd(eps=.3)", names: "--set: train.adversary: want;pgdd;\"pgd\""},
		{set: "train.adversary=.3", names: "train.adversary: want;got \".3\""},
		{set: "train.adversary.eps=.3", names: "train.adversary has no parts"},
		{set: "train.attacked=on", names: "train.attacked;auto;on"},
		{set: "train.objective.temperature=0", names: "train.objective.temperature;1e-06;got 0"},
		{set: "train.objective.lambda_ramp=3", names: "train.objective.lambda_ramp;unit"},
		{set: "train.adversary=fgsm(eps=.3,codes=1,of=shape)", names: "train.adversary;of: want one of appearance, geometry, both;shape"},
		{set: "model.encoder=resnt20", names: "model.encoder;resnt20;resnet20;did you mean \"resnet20\""},
		{set: "model.encoder=resnet22", names: "model.encoder;6n+2;resnet22;resnet20;resnet26"},
		{set: "model.encoder=resnet(depth=20,deep=3)", names: "model.encoder;unknown key;deep;depth"},
		{set: "model.head=capsule(routing=3)", names: "model.head;want one of linear;got \"capsule\""},
		{set: "model.head=linear(x=1)", names: "model.head;unknown key \"x\": linear has no keys"},
		{set: "model.normalise=images", names: "model.normalise;image, channel or set;images"},
		{set: "model.mean=.5", names: "model.mean;set;[0.5]"},
		{set: "model.mean=[a]", names: "model.mean[0];number;a"},
		{set: "model.kind=bas", names: "model.kind;base;bas"},
		{set: "export.inference_only=3", names: "export.inference_only;true or false;3"},
		{set: "attack.attacks=[fgsm, [bim]]", names: "attack.attacks[1];text;list"},
		{set: "attack.attacks={a: 1}", names: "attack.attacks;got \"{a: 1}\""},
		{set: "attack.attacks=pgdd", names: "attack.attacks;pgdd"},
		{set: "attack.norm=l3", names: "attack.norm;l2;l3"},
		{set: "attack.batch=0", names: "attack.batch"},
		{set: "data.set=mnst", names: "data.set;mnist"},
		{set: "data.set=mnist", names: "data.path"},
		{set: "data.view=azimuth", names: "data.view: want it for a set of smallnorb alone;glyphs;leave it out"},

		{env: "UNWARP_TRAIN_BACH=3", names: "environment;UNWARP_TRAIN_BACH;UNWARP_TRAIN_BATCH"},
		{env: "UNWARP_TRAIN_BACH=", names: "UNWARP_TRAIN_BATCH"},
		{env: "UNWARP_CASH=x", names: "UNWARP_CACHE"},
		{env: "UNWARP_TRAIN_BATCH=x", names: "UNWARP_TRAIN_BATCH;train.batch;number"},

		{file: "train:\n\tbatch: 3\n", names: "line 2;tabs"},
		{file: "train:\n  batch: 3\n  batch: 4\n", names: "line 3;batch;already"},
		{file: "train:\n  batch: many\n", names: "c.yaml;train.batch;many"},
		{file: "train: 3\n", names: "c.yaml;train;parts"},
		{file: "train:\n", names: "train;parts"},
		{file: "train: [1]\n", names: "train;parts"},
		{file: "seed:\n", names: "seed;nothing"},
		{file: "attack: {attacks: }\n", names: "attack.attacks;[]"},
		{file: "- a\n- b\n", names: "no keys"},
		{file: "just words\n", names: "no keys"},
		{file: "trian: {batch: 3}\n", names: "trian.batch;train.batch"},
		{file: "model: {kind: [a]}\n", names: "model.kind;text;list"},
		{file: "seed: 1\n---\nseed: 2\n", names: "one YAML document"},
		{file: "\xff\xfe\x00", names: "YAML"},
		{file: "a: *b\n", names: "YAML"},
		{file: many + "x: [", names: "YAML"},
	} {
		t.Run(row.file+row.env+row.set, func(t *testing.T) {
			var src Source
			if row.file != "" {
				src.File = write(t, row.file)
			}
			if name, value, ok := strings.Cut(row.env, "="); ok {
				t.Setenv(name, value)
			}
			if row.set != "" {
				src.Set = []string{row.set}
			}
			_, err := Load(Default(), src)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("want one line, got %q", err)
			}
			for _, name := range strings.Split(row.names, ";") {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("want an error that names %q, got %q", name, err)
				}
			}
		})
	}
}

func TestFiles(t *testing.T) {
	clean(t)
	for name, content := range map[string]string{"empty": "", "comments": "# nothing\n", "a document": "---\n", "nothing": "{}\n"} {
		c, err := Load(Default(), Source{File: write(t, content)})
		if err != nil || text(t, c) != text(t, Default()) {
			t.Errorf("%s: want the default, got %v and %s", name, err, text(t, c))
		}
	}
	c, err := Load(Default(), Source{File: write(t, "train.batch: 7\nTrain: {Duration: 3st}\n")})
	if err != nil || c.Train.Batch != 7 || c.Train.Duration.String() != "3st" {
		t.Errorf("keys with dots and capitals: %v, batch %d, duration %v", err, c.Train.Batch, c.Train.Duration)
	}
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.yaml")} {
		if _, err := Load(Default(), Source{File: path}); err == nil || strings.Count(err.Error(), path) != 1 {
			t.Errorf("want an error that names %s once, got %v", path, err)
		}
	}
}

// TestConfigs reads every configuration that comes with the project.
func TestConfigs(t *testing.T) {
	clean(t)
	all, err := filepath.Glob("../../../configs/*.yaml")
	if err != nil || len(all) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	for _, path := range all {
		if _, err := Load(Default(), Source{File: path, Set: []string{"data.path=" + t.TempDir()}}); err != nil {
			t.Error(err)
		}
	}
}

func TestDataPath(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "images"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(Default(), Source{Set: []string{"data.set=mnist", "data.path=images"}})
	if err != nil || c.Data.Path != filepath.Join(here, "images") {
		t.Errorf("want an absolute path, got %v and %q", err, c.Data.Path)
	}
	_, err = Load(Default(), Source{Set: []string{"data.set=mnist", "data.path=image"}})
	if err == nil || !strings.Contains(err.Error(), "here "+here) || !strings.Contains(err.Error(), "data.path") {
		t.Errorf("want an error that names the working folder, got %v", err)
	}
	// A run folder's configuration is read although its images have moved.
	if _, err := Read(write(t, "data: {set: mnist, path: /no/such/folder}\n")); err != nil {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	keys := Keys()
	for _, want := range []string{"seed", "run", "data.path", "train.schedule.rate", "train.optimizer.clip_norm", "attack.attacks", "export.inference_only"} {
		if !slices.Contains(keys, want) {
			t.Errorf("want key %s among %v", want, keys)
		}
	}
	if !slices.IsSorted(keys) {
		t.Errorf("not sorted: %v", keys)
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", "seed: 1", "train: {batch: 3}", "attack: {attacks: [fgsm]}", "- a", "a: &x [*x]", "train.batch: 3", "? {a: b}\n: c", "data: {path: }", "seed: 0x1f", "<<: {seed: 2}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Default(), Source{File: path}); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("want one line, got %q", err)
		}
	})
}

func FuzzSet(f *testing.F) {
	for _, seed := range []string{"seed=1", "train.batch=3", "attack.attacks=[fgsm]", "run=a: b", "model.kind={", "seed=!!binary x", "attack.attacks=[[]]", "train.duration=!!set {a}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, kv string) {
		if _, err := Load(Default(), Source{Set: []string{kv}}); err != nil && strings.Contains(err.Error(), "\n") && !strings.Contains(kv, "\n") {
			t.Errorf("want one line, got %q", err)
		}
	})
}

// A summary's configuration can be pasted into a file.
func TestJSONHasTheKeysOfYAML(t *testing.T) {
	raw, err := json.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"duration":"8ep"`, `"weight_decay":0`, `"set":"glyphs"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("want %s in %s", want, raw)
		}
	}
}
