// Package bundle makes a folder of the program and of the TensorFlow libraries that
// runs on another machine of the same kind, where neither Go nor TensorFlow is. It
// imports the standard library, and of the set-up ctxio and tfload's name of the
// library folder.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/tools/internal/setup/ctxio"
	"unwarp/tools/internal/setup/tfload"
)

// Source is what goes into a bundle.
type Source struct {
	Program   string   // the running executable
	Libraries []string // TensorFlow's files
	Versions  string   // lines about the versions, for the text that comes along
}

// file is one file of a bundle.
type file struct {
	from, to string // to is relative to the folder
	mode     fs.FileMode
	size     int64
}

// Plan is what a bundle will hold.
type Plan struct {
	source Source
	files  []file
	Size   int64 // bytes
}

// NewPlan looks at the files, and refuses a folder to write that is not empty.
func NewPlan(s Source, dir string) (Plan, error) {
	p := Plan{source: s}
	if len(s.Libraries) == 0 {
		return p, errors.New("want the files of the loaded TensorFlow library, which are not known on this system")
	}
	if err := checkTarget(dir); err != nil {
		return p, err
	}
	p.files = []file{{from: s.Program, to: "unwarp", mode: 0o755}}
	for _, lib := range s.Libraries {
		p.files = append(p.files, file{from: lib, to: filepath.Join(tfload.BundleLib, filepath.Base(lib)), mode: 0o644})
	}
	for _, text := range licences(s.Libraries[0]) {
		p.files = append(p.files, file{from: text, to: filepath.Join("licences", filepath.Base(text)), mode: 0o644})
	}
	for i := range p.files {
		info, err := os.Stat(p.files[i].from)
		if err != nil {
			return p, fmt.Errorf("%s: want a file that can be copied: %w", p.files[i].from, reason(err))
		}
		p.files[i].size = info.Size()
		p.Size += info.Size()
	}
	return p, nil
}

// checkTarget refuses what is there already, unless it is an empty folder.
func checkTarget(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s: want a folder to make: %w", dir, reason(err))
	case !info.IsDir():
		return fmt.Errorf("%s: want a folder to make, got a file: name another", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s: want a folder to make: %w", dir, reason(err))
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s: want a new or empty folder, got one with %d files: name another", dir, len(entries))
	}
	return nil
}

// Write makes the folder. It gets its name when it is whole.
func (p Plan) Write(ctx context.Context, dir string) (err error) {
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o777); err != nil {
		return fmt.Errorf("%s: cannot be made: %w", filepath.Dir(dir), reason(err))
	}
	part, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), "."+filepath.Base(dir)+".part-*")
	if err != nil {
		return fmt.Errorf("%s: cannot be made: %w", dir, reason(err))
	}
	defer func() {
		if err != nil {
			os.RemoveAll(part)
		}
	}()
	for _, f := range p.files {
		if err := f.copy(ctx, part); err != nil {
			return err
		}
	}
	text, err := p.readme()
	if err != nil {
		return err
	}
	if err := writeNew(filepath.Join(part, "README.txt"), 0o644, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
		return err
	}
	return finish(part, dir)
}

// finish gives a whole folder its name and the mode that a new folder gets.
func finish(part, dir string) error {
	plain := filepath.Join(part, ".mode")
	if err := os.Mkdir(plain, 0o777); err != nil {
		return fmt.Errorf("%s: cannot be made: %w", dir, reason(err))
	}
	info, err := os.Stat(plain)
	if err == nil {
		err = errors.Join(os.Remove(plain), os.Chmod(part, info.Mode().Perm()))
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be made: %w", dir, reason(err))
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one
		return fmt.Errorf("%s: want a new or empty folder: %w", dir, reason(err))
	}
	if err := os.Rename(part, dir); err != nil {
		return fmt.Errorf("%s: cannot be named: %w", dir, reason(err))
	}
	return nil
}

func (f file) copy(ctx context.Context, dir string) error {
	in, err := os.Open(f.from)
	if err != nil {
		return fmt.Errorf("%s: want a readable file: %w", f.from, reason(err))
	}
	defer in.Close()
	to := filepath.Join(dir, f.to)
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return fmt.Errorf("%s: cannot be made: %w", filepath.Dir(f.to), reason(err))
	}
	return writeNew(to, f.mode, func(w io.Writer) error {
		n, err := io.Copy(w, ctxio.Reader{Ctx: ctx, Reader: in})
		if err == nil && n != f.size {
			err = fmt.Errorf("%s: want %d bytes, got %d: it changed meanwhile", f.from, f.size, n)
		}
		return err
	})
}

// writeNew makes a file of what write writes, and has it on the disk.
func writeNew(path string, mode fs.FileMode, write func(w io.Writer) error) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", filepath.Base(path), reason(err))
	}
	err = write(out)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", filepath.Base(path), reason(err))
	}
	return nil
}

// reason is err without the path that the message names already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
