package bundle

import (
	"debug/elf"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// needs is what a machine must have for the files of a bundle.
type needs struct {
	libraries []string          // by the names that the files ask for, those of the bundle left out
	versions  map[string]string // highest version of each family of symbols: GLIBC, GLIBCXX, CXXABI
}

// families are the symbol versions that tell how old a system may be.
var families = []string{"GLIBC", "GLIBCXX", "CXXABI"}

// readNeeds reads the ELF files of a bundle.
func readNeeds(files []string) (needs, error) {
	n := needs{versions: map[string]string{}}
	var own []string
	for _, path := range files {
		own = append(own, filepath.Base(path))
	}
	for _, path := range files {
		f, err := elf.Open(path)
		if err != nil {
			return n, fmt.Errorf("%s: want an ELF file: %w", path, err)
		}
		libraries, err := f.ImportedLibraries()
		if err == nil {
			var symbols []elf.ImportedSymbol
			if symbols, err = f.ImportedSymbols(); err == nil {
				n.addVersions(symbols)
			}
		}
		f.Close()
		if err != nil {
			return n, fmt.Errorf("%s: want a readable ELF file: %w", path, err)
		}
		for _, lib := range libraries {
			if !slices.Contains(own, lib) && !slices.Contains(n.libraries, lib) {
				n.libraries = append(n.libraries, lib)
			}
		}
	}
	slices.Sort(n.libraries)
	return n, nil
}

func (n needs) addVersions(symbols []elf.ImportedSymbol) {
	for _, s := range symbols {
		family, version, ok := strings.Cut(s.Version, "_")
		if ok && slices.Contains(families, family) && compareVersions(version, n.versions[family]) > 0 {
			n.versions[family] = version
		}
	}
}

// compareVersions orders 2.9 before 2.34; what is no number counts as 0.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		if d := part(x, i) - part(y, i); d != 0 {
			return d
		}
	}
	return 0
}

func part(version []string, i int) int {
	if i >= len(version) {
		return -1
	}
	n, _ := strconv.Atoi(version[i])
	return n
}

// lines are the needs in words.
func (n needs) lines() []string {
	lines := []string{fmt.Sprintf("%s/%s, and a processor with AVX where that is amd64", runtime.GOOS, runtime.GOARCH)}
	if v := n.versions["GLIBC"]; v != "" {
		lines = append(lines, "glibc "+v+" or newer")
	}
	if v := n.versions["GLIBCXX"]; v != "" {
		lines = append(lines, "libstdc++ with GLIBCXX_"+v+" and CXXABI_"+n.versions["CXXABI"])
	}
	return append(lines, "these libraries of the system: "+strings.Join(n.libraries, ", "))
}
