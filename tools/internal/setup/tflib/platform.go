package tflib

import "runtime"

// Version is the TensorFlow that Ensure fetches; Series is what a library found elsewhere must belong to.
const (
	Version = "2.18.1"
	Series  = "2.18"
)

// Wheel names one Python wheel that holds the C library for one platform.
type Wheel struct {
	Package  string // with its version: tensorflow-cpu==2.18.1
	Platform string // pip's platform tag
	SHA256   string // of the wheel file
	Size     int64  // bytes of the wheel file
	Unpacked int64  // bytes of what is taken out of it
}

// wheels is keyed by GOOS/GOARCH. linux/amd64 is run in every check; the others were unpacked and listed, never run.
// Any CPython's wheel would do: nothing of Python in it is used.
var wheels = map[string]Wheel{
	"linux/amd64": {
		Package: "tensorflow-cpu==" + Version, Platform: "manylinux_2_17_x86_64",
		SHA256: "8e0f27dbd92c6d380ae0ccfe73c7343f65c127b0aa98467c30c2e71eda7c76a4",
		Size:   230_350_167, Unpacked: 684_000_000,
	},
	"linux/arm64": {
		Package: "tensorflow==" + Version, Platform: "manylinux_2_17_aarch64",
		SHA256: "1ba52b9c06ab8102b31e50acfaf56899b923171e603c8942f2bfeb181d6bb59e",
		Size:   231_996_787, Unpacked: 768_000_000,
	},
	"darwin/arm64": {
		Package: "tensorflow==" + Version, Platform: "macosx_12_0_arm64",
		SHA256: "98afa9c7f21481cdc6ccd09507a7878d533150fbb001840cc145e2132eb40942",
		Size:   239_622_377, Unpacked: 657_000_000,
	},
}

// fileNames are the names of the shared libraries on one system.
type fileNames struct {
	link      string   // what -ltensorflow looks for
	libraries []string // files that hold the C API, best first
	framework string   // the half that libtensorflow and libtensorflow_cc load
	flink     string   // what -ltensorflow_framework looks for
}

func names(goos string) fileNames {
	if goos == "darwin" {
		return fileNames{
			link:      "libtensorflow.dylib",
			libraries: []string{"libtensorflow.dylib", "libtensorflow.2.dylib", "libtensorflow_cc.2.dylib"},
			framework: "libtensorflow_framework.2.dylib",
			flink:     "libtensorflow_framework.dylib",
		}
	}
	return fileNames{
		link:      "libtensorflow.so",
		libraries: []string{"libtensorflow.so", "libtensorflow.so.2", "libtensorflow_cc.so.2"},
		framework: "libtensorflow_framework.so.2",
		flink:     "libtensorflow_framework.so",
	}
}

// LibraryNames lists the names that the C API's library may have on this system,
// best first.
func LibraryNames() []string { return names(runtime.GOOS).libraries }

// FrameworkName is the name of the half that the library loads.
func FrameworkName() string { return names(runtime.GOOS).framework }

// wheelLibrary is the C API's library in a wheel.
func (n fileNames) wheelLibrary() string { return n.libraries[len(n.libraries)-1] }
