package doctor

import (
	"context"
	"os"
	"runtime"
	"slices"

	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/setup/tflib"
)

// Input is what Examine needs from the program.
type Input struct {
	TensorFlow   string                        // version of the running library
	Fault        error                         // why the library could not be loaded; nil where it was
	CheckCommand []string                      // a command that prints a Probe
	Configure    func() (config.Config, error) // loads the configuration
}

// Examine examines everything. It never fails: errors are problems in the report.
func Examine(ctx context.Context, p Input) Report {
	r := Report{
		Build: ReadBuild(p.TensorFlow), Loaded: LoadedLibraries(),
		Cores: runtime.NumCPU(), GoThreads: runtime.GOMAXPROCS(0),
		Features: Features(), Environment: Environment(os.Environ()),
		Searched: []tflib.Tried{}, Devices: []Device{}, Problems: []Problem{},
	}
	r.Memory, r.Available = readMemory()
	r.checkLibrary(ctx, p.Fault)
	if p.Fault == nil {
		r.checkDevices(ctx, p.CheckCommand)
	}
	r.checkConfiguration(p.Configure)
	if c, err := p.Configure(); err == nil && p.Fault == nil {
		r.checkWorkers(ctx, c.Workers)
	}
	r.checkProcessor()
	r.checkDisks()
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

// checkDevices uses TensorFlow in a separate process.
func (r *Report) checkDevices(ctx context.Context, args []string) {
	p, err := runCheck(ctx, args)
	if err != nil {
		r.addBroken("run unwarp -v doctor --probe to see TensorFlow's own messages; with a GPU, try CUDA_VISIBLE_DEVICES= to leave it out",
			"TensorFlow does not work here: %v", err)
	}
	if p.Devices != nil {
		r.Devices = p.Devices
	}
}

// checkConfiguration loads the configuration and compares it with the machine.
func (r *Report) checkConfiguration(configure func() (config.Config, error)) {
	c, err := configure()
	if err != nil {
		r.addBroken("correct the flag, variable or file that it names", "the configuration is refused: %v", err)
		return
	}
	r.Threads, r.Device = c.Threads, c.Device
	if c.Device == graphs.GPU && !slices.ContainsFunc(r.Devices, func(d Device) bool { return d.Type == "GPU" }) {
		r.addBroken("set device to auto or cpu, or use a GPU build of the library and check its driver", "device is gpu, but TensorFlow sees none")
	}
	if c.Threads > r.Cores {
		r.addDoubtful("set threads to 0", "threads is %d on %d cores", c.Threads, r.Cores)
	}
}

// checkProcessor reports what makes TensorFlow slow or impossible.
func (r *Report) checkProcessor() {
	has := func(f string) bool { return slices.Contains(r.Features, f) }
	if runtime.GOARCH == "amd64" && !has("avx") {
		r.addBroken("use another machine, or a TensorFlow built for this one", "this processor has no AVX, which the published TensorFlow needs")
	}
	if os.Getenv("TF_ENABLE_ONEDNN_OPTS") == "0" {
		r.addDoubtful("unset TF_ENABLE_ONEDNN_OPTS", "oneDNN is switched off: training takes about twice as long")
	}
	if r.Memory > 0 && r.Available < neededMemory {
		r.addDoubtful("end other programs, or lower train.batch", "%s of memory are available, training takes about %s", FormatSize(r.Available), FormatSize(neededMemory))
	}
	if r.GoThreads < r.Cores {
		r.addDoubtful("unset GOMAXPROCS, unless it is on purpose", "Go uses %d of %d cores", r.GoThreads, r.Cores)
	}
}

// neededMemory is the memory that training the default configuration takes.
const neededMemory = 1 << 30
