package tfload

import (
	"debug/elf"
	"path/filepath"
)

// runPath lists the folders in which this program looks for libraries.
func runPath() []string {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		return nil
	}
	defer f.Close()
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		if dirs, err := f.DynString(tag); err == nil && len(dirs) > 0 {
			return filepath.SplitList(dirs[0])
		}
	}
	return nil
}
