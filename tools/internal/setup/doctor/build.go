package doctor

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// Build holds the versions that this program was built from.
type Build struct {
	Unwarp     string `json:"unwarp"` // version or revision
	Modified   bool   `json:"modified,omitempty"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Graft      string `json:"graft"`
	TensorFlow string `json:"tensorflow"`        // of the running library, "" without one
	Fault      string `json:"fault,omitempty"`   // why there is none
	Headers    string `json:"headers,omitempty"` // at build time
}

// graftModule is the module that binds TensorFlow's C library.
const graftModule = "github.com/wamuir/graft"

// ReadBuild reads the versions from the program itself; tensorflow is the version
// of the running library.
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

// LoadedLibraries lists the TensorFlow libraries that this process has loaded; nil
// on systems without /proc.
func LoadedLibraries() []string {
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
