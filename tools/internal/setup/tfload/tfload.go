// Package tfload loads TensorFlow's C library when it is first used, in place of
// the system's loader, which would end the program before main where the library
// is gone. Importing it is enough: it defines the C functions that graft calls
// (symbols.h) as stubs, which the linker takes instead of the library's own.
//
// [Load] looks for the library and says what to do where there is none. A function
// that is called without it has the library loaded from the run path.
package tfload

/*
#cgo linux LDFLAGS: -ldl -lpthread
#include <stdlib.h>
#include "load.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	"unwarp/graphs/memory"
	"unwarp/tools/internal/setup/tflib"
)

var loading struct {
	sync.Mutex
	done bool
	err  error
}

// Load loads the library from the first place that has one: the folder that
// UNWARP_TENSORFLOW names, lib beside the program, the run path that it was built
// with, and where tools/tf looks. Further calls do nothing.
func Load(ctx context.Context) error {
	loading.Lock()
	defer loading.Unlock()
	if loading.done {
		return loading.err
	}
	err := load(ctx)
	if err == nil {
		err = checkVersion()
	}
	if ctx.Err() == nil {
		loading.done, loading.err = true, err
	}
	return err
}

// checkVersion refuses a library that graft was not written for.
func checkVersion() error {
	version := ""
	if v := C.tfload_version(); v != nil {
		version = C.GoString(v)
	}
	if strings.HasPrefix(version, tflib.Series+".") {
		return nil
	}
	return fmt.Errorf("the library that was found is TensorFlow %q, want %s.x: set %s to a folder with that", version, tflib.Series, tflib.EnvLibrary)
}

func load(ctx context.Context) error {
	if err := checkMemory(); err != nil {
		return err
	}
	if dir := os.Getenv(tflib.EnvLibrary); dir != "" {
		return loadNamed(dir)
	}
	if file := besideProgram(); file != "" {
		return open(file)
	}
	first := open("")
	if first == nil {
		return nil
	}
	c, err := tflib.Default(io.Discard)
	if err == nil {
		if lib, _, err := c.Find(ctx); err == nil && len(lib.Files) > 0 {
			if file := libraryIn(lib.Dir); file != "" {
				return open(file)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return missing(first)
}

// loadNamed loads the library of a folder that the user named.
func loadNamed(dir string) error {
	for _, at := range []string{dir, filepath.Join(dir, "lib"), filepath.Join(dir, "lib64")} {
		if file := libraryIn(at); file != "" {
			return open(file)
		}
	}
	return fmt.Errorf("%s=%s: want a folder with the library of TensorFlow %s, or one whose lib has it: correct or unset it", tflib.EnvLibrary, dir, tflib.Series)
}

// besideProgram is the library of a folder that unwarp bundle made; "" if there is
// none.
func besideProgram() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return libraryIn(filepath.Join(filepath.Dir(self), BundleLib))
}

// BundleLib is the folder beside a bundled program that holds the library.
const BundleLib = "lib"

// libraryIn is the file of the C API in dir; "" if there is none.
func libraryIn(dir string) string {
	for _, name := range tflib.LibraryNames() {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	return ""
}

// open loads the library at path, or with "" the one in the run path.
func open(path string) error {
	var name *C.char
	if path != "" {
		name = C.CString(path)
		defer C.free(unsafe.Pointer(name))
	}
	fault := C.tfload_open(name)
	if fault == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(fault))
	if path == "" {
		return errors.New(C.GoString(fault))
	}
	return fmt.Errorf("TensorFlow's library cannot be loaded: %s", C.GoString(fault))
}

// Files are the loaded library and the half of it beside it that it loads; nil
// without a library.
func Files() []string {
	path := C.tfload_path()
	if path == nil {
		return nil
	}
	files := []string{C.GoString(path)}
	if half := filepath.Join(filepath.Dir(files[0]), tflib.FrameworkName()); isFile(half) {
		files = append(files, half)
	}
	return files
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// missing says where the library was when the program was built, and what to do.
func missing(cause error) error {
	was := ""
	if dirs := runPath(); len(dirs) > 0 {
		if libraryIn(dirs[0]) != "" { // it is there, but something that it needs is not
			return fmt.Errorf("TensorFlow's library in %s cannot be loaded: %w", dirs[0], cause)
		}
		was = fmt.Sprintf(" (when this program was built it was in %s)", dirs[0])
	}
	return fmt.Errorf("TensorFlow's library is not there%s: build again with go run ./tools/tf, or set %s to a folder with TensorFlow %s",
		was, tflib.EnvLibrary, tflib.Series)
}

// checkMemory refuses to load what would end the process: TensorFlow maps much more
// than it uses.
func checkMemory() error {
	need := uint64(400 << 20)
	if memory.Free().By == memory.Virtual {
		need = 700 << 20
	}
	return memory.Check("TensorFlow", need, "raise the limit, or end other programs")
}
