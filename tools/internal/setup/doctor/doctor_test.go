package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
)

// examine runs the whole examination with one thing changed.
func examine(t *testing.T, change func(p *Input)) Report {
	t.Helper()
	p := Input{
		TensorFlow:   "2.18.1",
		CheckCommand: []string{"echo", `{"tensorflow":"2.18.1","devices":[{"name":"/cpu","type":"CPU","bytes":1}]}`},
		Configure:    func() (config.Config, error) { return config.Default(), nil },
	}
	change(&p)
	return Examine(context.Background(), p)
}

// tells wants one broken problem that names all of names.
func (r Report) tells(t *testing.T, names ...string) {
	t.Helper()
	var broken []Problem
	for _, p := range r.Problems {
		if p.Broken {
			broken = append(broken, p)
		}
	}
	if len(broken) != 1 || broken[0].Mend == "" {
		t.Fatalf("want one thing broken, got %+v", broken)
	}
	for _, name := range names {
		if !strings.Contains(broken[0].What+broken[0].Mend, name) {
			t.Errorf("want %q in %+v", name, broken[0])
		}
	}
	var b strings.Builder
	r.Print(&b)
	if !strings.Contains(b.String(), "ERROR: "+broken[0].What+"\n  fix: ") {
		t.Errorf("not printed:\n%s", b.String())
	}
}

func TestHealthy(t *testing.T) {
	r := examine(t, func(*Input) {})
	if r.Broken() != 0 || len(r.Devices) != 1 || r.Cores < 1 || r.Go == "" || r.Graft == "" {
		t.Errorf("got %+v", r)
	}
}

// TestProbes lets the process that uses TensorFlow end in every way: none may
// end this one.
func TestProbes(t *testing.T) {
	for name, row := range map[string]struct {
		probe []string
		tells []string
	}{
		"crash":      {[]string{"sh", "-c", "echo driver is old >&2; kill -SEGV $$"}, []string{"segmentation fault", "driver is old"}},
		"exit code":  {[]string{"sh", "-c", "exit 3"}, []string{"exit status 3"}},
		"no program": {[]string{"/no/such/program"}, []string{"/no/such/program"}},
		"no answer":  {[]string{"true"}, []string{"JSON"}},
		"nonsense":   {[]string{"echo", "hello"}, []string{"invalid"}},
		"an error":   {[]string{"echo", `{"error":"no kernel"}`}, []string{"no kernel"}},
	} {
		t.Run(name, func(t *testing.T) {
			examine(t, func(p *Input) { p.CheckCommand = row.probe }).tells(t, append(row.tells, "TensorFlow does not work here")...)
		})
	}
}

func TestFaults(t *testing.T) {
	t.Run("another library", func(t *testing.T) {
		r := examine(t, func(p *Input) { p.TensorFlow = "2.15.0" })
		if r.Broken() == 0 || !strings.Contains(r.Problems[0].What, "2.15.0") {
			t.Errorf("got %+v", r.Problems)
		}
	})
	t.Run("configuration", func(t *testing.T) {
		examine(t, func(p *Input) {
			p.Configure = func() (config.Config, error) { return config.Config{}, errors.New("no key") }
		}).tells(t, "no key")
	})
	t.Run("no GPU", func(t *testing.T) {
		examine(t, func(p *Input) {
			p.Configure = func() (config.Config, error) { c := config.Default(); c.Device = graphs.GPU; return c, nil }
		}).tells(t, "gpu")
	})
	t.Run("threads", func(t *testing.T) {
		r := examine(t, func(p *Input) {
			p.Configure = func() (config.Config, error) { c := config.Default(); c.Threads = 1000; return c, nil }
		})
		if r.Broken() != 0 || !slices.ContainsFunc(r.Problems, func(p Problem) bool { return strings.Contains(p.What, "1000") }) {
			t.Errorf("got %+v", r.Problems)
		}
	})
	t.Run("working folder gone", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "gone")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir)
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		r := examine(t, func(*Input) {})
		if len(r.Problems) == 0 { // that it comes through is the test; systems differ in what they say
			t.Errorf("got %+v", r.Problems)
		}
	})
}

func TestEnvironment(t *testing.T) {
	got := Environment([]string{"TF_VAR_password=secret", "TF_TOKEN_x=secret", "TF_CLI_CONFIG_FILE=x", "TF_ENABLE_ONEDNN_OPTS=0", "PATH=x", "UNWARP_SEED=3", "CUDA_VISIBLE_DEVICES="})
	want := []string{"CUDA_VISIBLE_DEVICES=", "TF_ENABLE_ONEDNN_OPTS=0", "UNWARP_SEED=3"}
	if !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 MiB", 1 << 20: "1 MiB", 3 << 29: "1.5 GiB", -1: "unknown"} {
		if got := FormatSize(n); got != want {
			t.Errorf("%d: want %s, got %s", n, want, got)
		}
	}
}

func TestProbeItself(t *testing.T) {
	p := CheckTensorFlow()
	if p.Error != "" || len(p.Devices) == 0 || !inSeries(p.TensorFlow) {
		t.Errorf("got %+v", p)
	}
	if h := Headers(); h != "" && !sameSeries(h, p.TensorFlow) {
		t.Errorf("headers %s, library %s", h, p.TensorFlow)
	}
	_ = fmt.Sprint(LoadedLibraries())
}
