package tflib

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// The environment variables that steer the search.
const (
	EnvLibrary = "UNWARP_TENSORFLOW"
	EnvCache   = "UNWARP_CACHE"
)

// Config says where to look and what to take. Default fills it for this machine; tests fill it by hand.
type Config struct {
	GOOS, GOARCH string

	Override string     // value of UNWARP_TENSORFLOW; "" looks on
	Cache    string     // folder of everything this project keeps; absolute
	Pythons  []string   // interpreters to ask for an installed TensorFlow, names or paths
	Packages []string   // patterns of `tensorflow` package folders to look at without asking Python
	System   []Prefix   // library folders, each with its include folder
	Pips     [][]string // command lines of pip, tried in turn
	Wheel    Wheel      // what to fetch; the zero value where the platform has none

	Log io.Writer // progress and warnings; a bar if it is a terminal

	// Seams for tests of a full disk; nil means the real thing.
	free   func(dir string) (uint64, error)
	create func(name string) (io.WriteCloser, error)
}

// Prefix is a library folder and the include folder that belongs to it.
type Prefix struct{ Lib, Include string }

// Default is the search of this machine and user, with progress on log.
func Default(log io.Writer) (Config, error) {
	c := Config{
		GOOS: runtime.GOOS, GOARCH: runtime.GOARCH,
		Override: os.Getenv(EnvLibrary),
		Pythons:  []string{"python3", "python"},
		Packages: []string{
			"/usr/local/lib/python3*/dist-packages/tensorflow", // the TensorFlow container
			"/usr/lib/python3*/dist-packages/tensorflow",
			"/usr/local/lib/python3*/site-packages/tensorflow",
		},
		System: systemPrefixes(runtime.GOOS, runtime.GOARCH),
		Pips: [][]string{
			{"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"pip3"}, {"pip"},
		},
		Log: log,
	}
	c.Wheel = wheels[c.platform()]
	var err error
	c.Cache, err = cacheFolder()
	return c, err
}

func (c Config) platform() string { return c.GOOS + "/" + c.GOARCH }

// entry is the cache folder of the library that Ensure fetches.
func (c Config) entry() string {
	return filepath.Join(c.Cache, fmt.Sprintf("tensorflow-%s-%s-%s", Version, c.GOOS, c.GOARCH))
}

func cacheFolder() (string, error) {
	if dir := os.Getenv(EnvCache); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("tflib: no cache folder: %w; set %s to a folder that you can write to", err, EnvCache)
	}
	return filepath.Join(dir, "unwarp"), nil
}

func systemPrefixes(goos, goarch string) []Prefix {
	prefixes := []Prefix{{"/usr/local/lib", "/usr/local/include"}, {"/usr/lib", "/usr/include"}}
	if goos == "darwin" {
		prefixes = append(prefixes, Prefix{"/opt/homebrew/lib", "/opt/homebrew/include"})
	}
	if triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[goarch]; goos == "linux" && triplet != "" {
		prefixes = append(prefixes, Prefix{"/usr/lib/" + triplet, "/usr/include"})
	}
	for _, dir := range []string{"/opt/tensorflow", "/opt/libtensorflow"} {
		prefixes = append(prefixes, Prefix{filepath.Join(dir, "lib"), filepath.Join(dir, "include")})
	}
	return prefixes
}

// ErrNone is wrapped by the error of a search that found nothing usable.
var ErrNone = errors.New("no TensorFlow C library")
