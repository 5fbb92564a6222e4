package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/setup/tflib"
)

// Patient is what to examine.
type Patient struct {
	TensorFlow string                        // the running library's own answer
	Probe      []string                      // a command that prints a Probe
	Configure  func() (config.Config, error) // gathers the configuration
}

// Problem is something wrong. A broken one keeps unwarp from working here.
type Problem struct {
	Broken bool   `json:"broken"`
	What   string `json:"what"`
	Mend   string `json:"mend"`
}

// Disk is the space on the disk of a folder.
type Disk struct {
	Dir  string `json:"dir"`
	Free uint64 `json:"free"`
	For  string `json:"for"`
}

// Report is everything that was found.
type Report struct {
	Build
	Loaded      []string      `json:"loaded,omitempty"` // shared libraries of this process
	Found       string        `json:"found,omitempty"`  // what a build would take now
	Searched    []tflib.Tried `json:"searched"`
	Devices     []Device      `json:"devices"`
	Memory      int64         `json:"memory,omitempty"`           // bytes of this machine
	Available   int64         `json:"memory_available,omitempty"` // of them now
	Cores       int           `json:"cores"`
	GoThreads   int           `json:"go_threads"` // GOMAXPROCS
	Threads     int           `json:"threads"`    // configured within one op, 0: all cores
	Device      graphs.Device `json:"device"`     // configured
	Features    []string      `json:"features"`   // of the processor
	Environment []string      `json:"environment"`
	Disks       []Disk        `json:"disks"`
	Problems    []Problem     `json:"problems"`
}

// Broken counts the problems that keep unwarp from working.
func (r Report) Broken() int {
	n := 0
	for _, p := range r.Problems {
		if p.Broken {
			n++
		}
	}
	return n
}

// Examine looks at everything. It never fails: what goes wrong is a problem in
// the report.
func Examine(ctx context.Context, p Patient) Report {
	r := Report{
		Build: ReadBuild(p.TensorFlow), Loaded: Loaded(),
		Cores: runtime.NumCPU(), GoThreads: runtime.GOMAXPROCS(0),
		Features: Features(), Environment: Environment(os.Environ()),
		Searched: []tflib.Tried{}, Devices: []Device{}, Problems: []Problem{},
	}
	r.Memory, r.Available = memory()
	r.library(ctx)
	r.devices(ctx, p.Probe)
	r.configuration(p.Configure)
	r.processor()
	r.disks()
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		switch {
		case a.Broken == b.Broken:
			return 0
		case a.Broken:
			return -1
		}
		return 1
	})
	return r
}

func (r *Report) broken(mend, what string, args ...any) {
	r.Problems = append(r.Problems, Problem{true, fmt.Sprintf(what, args...), mend})
}

func (r *Report) doubtful(mend, what string, args ...any) {
	r.Problems = append(r.Problems, Problem{false, fmt.Sprintf(what, args...), mend})
}

// findTime is how long the search for the library may take; it asks Python.
const findTime = 30 * time.Second

// library compares the running library with graft, with the headers of the
// build, and with what the search finds now.
func (r *Report) library(ctx context.Context) {
	if !inSeries(r.TensorFlow) {
		r.broken("build again: go run ./tools/tf go build -o unwarp ./tools/unwarp",
			"the running library is TensorFlow %s, want %s.x, which graft %s was written for", r.TensorFlow, tflib.Series, r.Graft)
	}
	if r.Headers != "" && !sameSeries(r.Headers, r.TensorFlow) {
		r.broken("build again: go run ./tools/tf go build -o unwarp ./tools/unwarp",
			"built with the headers of TensorFlow %s but running with the library %s", r.Headers, r.TensorFlow)
	}
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	c, err := tflib.Default(io.Discard)
	if err != nil {
		r.doubtful("set "+tflib.EnvCache+" to a folder that you can write to", "%v", err)
		return
	}
	lib, tried, err := c.Find(ctx)
	r.Searched = append(r.Searched, tried...)
	switch {
	case errors.Is(err, tflib.ErrNone):
		r.doubtful("go run ./tools/tf COMMAND fetches one before it builds; this program needs none any more",
			"a new build would find no TensorFlow library on this machine")
		return
	case err != nil:
		r.doubtful("see go run ./tools/tf where", "the search for a library fails: %s", strings.TrimPrefix(err.Error(), "tflib: "))
		return
	}
	r.Found = lib.Dir
	if v, err := tflib.HeaderVersion(lib.Include); err == nil && lib.Version != "" && v != lib.Version {
		r.doubtful("point "+tflib.EnvLibrary+" at a folder whose library and headers belong together",
			"a new build would take headers %s and library %s, both under %s", v, lib.Version, lib.Dir)
	}
}

func inSeries(version string) bool {
	return version == tflib.Series || strings.HasPrefix(version, tflib.Series+".")
}

// sameSeries compares major and minor version.
func sameSeries(a, b string) bool {
	cut := func(v string) string {
		parts := strings.SplitN(v, ".", 3)
		return strings.Join(parts[:min(2, len(parts))], ".")
	}
	return cut(a) == cut(b)
}

// devices uses TensorFlow in a process of its own.
func (r *Report) devices(ctx context.Context, args []string) {
	p, err := probe(ctx, args)
	if err != nil {
		r.broken("run unwarp -v doctor --probe to see TensorFlow's own messages; with a GPU, try CUDA_VISIBLE_DEVICES= to leave it out",
			"TensorFlow does not work here: %v", err)
	}
	if p.Devices != nil {
		r.Devices = p.Devices
	}
}

// configuration gathers it and checks it against the machine.
func (r *Report) configuration(configure func() (config.Config, error)) {
	c, err := configure()
	if err != nil {
		r.broken("correct the flag, variable or file that it names", "the configuration is refused: %v", err)
		return
	}
	r.Threads, r.Device = c.Threads, c.Device
	if c.Device == graphs.GPU && !slices.ContainsFunc(r.Devices, func(d Device) bool { return d.Type == "GPU" }) {
		r.broken("set device to auto or cpu, or use a GPU build of the library and check its driver", "device is gpu, but TensorFlow sees none")
	}
	if c.Threads > r.Cores {
		r.doubtful("set threads to 0", "threads is %d on %d cores", c.Threads, r.Cores)
	}
}

// processor notes what makes TensorFlow slow or impossible.
func (r *Report) processor() {
	has := func(f string) bool { return slices.Contains(r.Features, f) }
	if runtime.GOARCH == "amd64" && !has("avx") {
		r.broken("use another machine, or a TensorFlow built for this one", "this processor has no AVX, which the published TensorFlow needs")
	}
	if os.Getenv("TF_ENABLE_ONEDNN_OPTS") == "0" {
		r.doubtful("unset TF_ENABLE_ONEDNN_OPTS", "oneDNN is switched off: training takes about twice as long")
	}
	if r.Memory > 0 && r.Available < needMemory {
		r.doubtful("end other programs, or lower train.batch", "%s of memory are available, training takes about %s", Size(r.Available), Size(needMemory))
	}
	if r.GoThreads < r.Cores {
		r.doubtful("unset GOMAXPROCS, unless it is on purpose", "Go uses %d of %d cores", r.GoThreads, r.Cores)
	}
}

// runSpace is what a run folder of the largest configuration takes, with its
// checkpoints, a second one while it is written, and the export.
const runSpace = 500 << 20

// needMemory is what training the default configuration takes.
const needMemory = 1 << 30

// disks looks at the folders that are written to.
func (r *Report) disks() {
	if wd, err := os.Getwd(); err != nil {
		r.broken("change to a folder that exists", "the working folder: %v", err)
	} else {
		r.disk(wd, "runs", runSpace)
	}
	if c, err := tflib.Default(io.Discard); err == nil {
		need := uint64(0)
		if r.Found == "" {
			need = 1 << 30 // wheel and library
		}
		r.disk(c.Cache, "TensorFlow library", need)
	}
}

func (r *Report) disk(dir, purpose string, need uint64) {
	at := dir
	for { // the folder may have to be made yet
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	n, err := free(at)
	if err != nil {
		return
	}
	r.Disks = append(r.Disks, Disk{dir, n, purpose})
	if n < need {
		r.doubtful("free space, or work in another folder", "%s has %s free, want %s for %s", dir, Size(int64(n)), Size(int64(need)), purpose)
	}
	if at == dir && need > 0 {
		if f, err := os.CreateTemp(dir, ".unwarp-*"); err != nil {
			r.doubtful("work in another folder", "%s cannot be written to: %v", dir, errors.Unwrap(err))
		} else {
			f.Close()
			os.Remove(f.Name())
		}
	}
}
