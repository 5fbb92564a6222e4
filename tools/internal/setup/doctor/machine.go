package doctor

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/sys/cpu"
)

// Build is what this program was made of.
type Build struct {
	Unwarp     string `json:"unwarp"` // version or revision
	Modified   bool   `json:"modified,omitempty"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Graft      string `json:"graft"`
	TensorFlow string `json:"tensorflow"`        // of the running library
	Headers    string `json:"headers,omitempty"` // at build time
}

// graftModule is the module that binds TensorFlow's C library.
const graftModule = "github.com/wamuir/graft"

// ReadBuild asks the program itself; tensorflow is the running library's own
// answer.
func ReadBuild(tensorflow string) Build {
	b := Build{
		Unwarp: "unknown", Graft: "unknown", Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, TensorFlow: tensorflow, Headers: Headers(),
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Unwarp = info.Main.Version
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && (b.Unwarp == "" || b.Unwarp == "(devel)"):
			b.Unwarp = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if b.Unwarp == "" {
		b.Unwarp = "(devel)"
	}
	for _, d := range info.Deps {
		if d.Path != graftModule {
			continue
		}
		b.Graft = d.Version
		if d.Replace != nil {
			b.Graft += " replaced by " + d.Replace.Path + " " + d.Replace.Version
		}
	}
	return b
}

// tensorflowFile is a shared library of TensorFlow.
var tensorflowFile = regexp.MustCompile(`^libtensorflow(_cc|_framework)?\.(so|dylib)`)

// Loaded lists the TensorFlow libraries that this process has loaded; nil where
// the system does not tell.
func Loaded() []string {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer f.Close()
	var files []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		_, path, ok := strings.Cut(lines.Text(), " /")
		path = "/" + strings.TrimSuffix(path, " (deleted)")
		if ok && tensorflowFile.MatchString(filepath.Base(path)) && !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	slices.Sort(files)
	return files
}

// Features are the instruction sets that decide how fast TensorFlow computes
// here, as far as the processor has them.
func Features() []string {
	var has []string
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"avx", cpu.X86.HasAVX}, {"avx2", cpu.X86.HasAVX2}, {"fma", cpu.X86.HasFMA},
		{"avx512f", cpu.X86.HasAVX512F}, {"avx512_vnni", cpu.X86.HasAVX512VNNI},
		{"avx512_bf16", cpu.X86.HasAVX512BF16}, {"amx_bf16", cpu.X86.HasAMXBF16},
		{"asimd", cpu.ARM64.HasASIMD}, {"asimddp", cpu.ARM64.HasASIMDDP}, {"sve", cpu.ARM64.HasSVE},
	} {
		if f.ok {
			has = append(has, f.name)
		}
	}
	return has
}

// prefixes open the names of variables that change what TensorFlow or unwarp
// do. TF_ alone would also show what belongs to Terraform, tokens among it.
var prefixes = []string{
	"UNWARP_", "TF_CPP_", "TF_ENABLE_", "TF_DISABLE_", "TF_ONEDNN_", "TF_SET_ONEDNN_", "TF_XLA_", "TF_FORCE_",
	"TF_GPU_", "TF_CUDA_", "TF_CUDNN_", "TF_NUM_", "TF_USE_", "TF_DETERMINISTIC_", "TF_MKL_", "XLA_",
	"CUDA_VISIBLE_DEVICES", "ONEDNN_", "DNNL_", "OMP_", "KMP_", "GOMAXPROCS", "GOMEMLIMIT",
}

// Environment lists those of all that are set.
func Environment(all []string) []string {
	set := []string{}
	for _, kv := range all {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(kv, p) }) {
			set = append(set, kv)
		}
	}
	slices.Sort(set)
	return set
}

// memory is how many bytes this machine has, and how many could be used now;
// 0, 0 where the system does not tell.
func memory() (total, available int64) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int64
		if _, err := fmt.Sscanf(lines.Text(), "MemTotal: %d kB", &kib); err == nil {
			total = kib << 10
		}
		if _, err := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); err == nil {
			available = kib << 10
		}
	}
	return total, available
}
