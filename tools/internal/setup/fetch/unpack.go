package fetch

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/setup/ctxio"
)

// What an archive may hold: bytes, where the catalogue does not say how many, and
// files and folders.
const (
	maxUnpacked = 1 << 32
	maxEntries  = 100_000
)

// markerFile, in an unpacked folder, holds the SHA-256 of its archive: the folder's
// name alone does not say who made it.
const markerFile = ".unwarp-fetched"

// isUnpacked reports whether the folder was unpacked from the archive f, as its
// marker says. Another folder of that name is an error.
func isUnpacked(folder string, f File) (bool, error) {
	if _, err := os.Lstat(folder); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	raw, err := os.ReadFile(filepath.Join(folder, markerFile))
	if sum := strings.TrimSpace(string(raw)); err == nil && strings.EqualFold(sum, f.SHA256) {
		return true, nil
	} else if err == nil {
		return false, fmt.Errorf("%s: want the content of %s, got that of another archive (SHA-256 %.64q): move the folder away and fetch again", folder, f.Name, sum)
	}
	return false, fmt.Errorf("%s: want a folder unpacked from %s by this command, got one without its mark (%s: %w): if you unpacked it yourself, use it as it is; else move it away and fetch again", folder, f.Name, markerFile, files.Cause(err))
}

// unpackArchive makes the folder of an archive in dir. The folder gets its name
// when it is complete; remains of an earlier try are removed first.
func unpackArchive(ctx context.Context, archive string, f File, dir string) error {
	folder := f.Unpack
	in, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("%s: want a readable file: %w", archive, files.Cause(err))
	}
	defer in.Close()
	part := filepath.Join(dir, folder+partSuffix)
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("%s: cannot be removed: %w", part, files.Cause(err))
	}
	if err := os.Mkdir(part, 0o777); err != nil {
		return fmt.Errorf("%s: cannot be made: %w", part, files.Cause(err))
	}
	err = unpackFiles(ctx, in, f, part)
	if err == nil {
		err = os.WriteFile(filepath.Join(part, markerFile), []byte(f.SHA256+"\n"), 0o666)
	}
	if err == nil {
		err = os.Rename(part, filepath.Join(dir, folder))
	}
	if err != nil {
		_ = os.RemoveAll(part)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.As(err, new(*fs.PathError)) {
			return files.NotWritten(filepath.Join(dir, folder), err)
		}
		return fmt.Errorf("%s: cannot be unpacked: %w", archive, err)
	}
	return nil
}

// unpackFiles writes the files of the one folder in an archive below dir. It
// refuses other folders, links, devices, and names that lead out of dir.
func unpackFiles(ctx context.Context, in io.Reader, f File, dir string) error {
	folder, left := f.Unpack, f.unpackedLimit()
	z, err := gzip.NewReader(ctxio.Reader{Ctx: ctx, Reader: in})
	if err != nil {
		return fmt.Errorf("want a .tar.gz, got %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	bounded := &io.LimitedReader{R: z, N: left + maxEntries*tarBlock} // the headers and padding of files come on top
	count, err := unpackEntries(tar.NewReader(bounded), f, root)
	if err != nil {
		return err
	}
	if count == 0 {
		return fmt.Errorf("want files in folder %s, got none", folder)
	}
	// The end of the archive is not that of the file, whose checksum comes last.
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return fmt.Errorf("want a whole archive, got %w", err)
	}
	if bounded.N <= 0 {
		return fmt.Errorf("want at most %d bytes, got more after the last file", f.unpackedLimit())
	}
	return nil
}

// unpackEntries writes the files of an archive and counts them.
func unpackEntries(t *tar.Reader, f File, root *os.Root) (count int, err error) {
	left := f.unpackedLimit()
	for range maxEntries + 1 {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil {
			return count, fmt.Errorf("want a whole archive, got %w", err)
		}
		name, ok := relativeName(f.Unpack, h.Name)
		if !ok {
			return count, fmt.Errorf("want names in folder %s alone, got %.80q", f.Unpack, h.Name)
		}
		if left -= h.Size; left < 0 {
			return count, fmt.Errorf("want at most %d bytes of files, got more with %.80q", f.unpackedLimit(), h.Name)
		}
		if h.Typeflag == tar.TypeReg {
			count++
		}
		if err := unpackEntry(root, name, h, t); err != nil {
			return count, err
		}
	}
	return count, fmt.Errorf("want at most %d files and folders, got more", maxEntries)
}

// unpackEntry writes one file or folder.
func unpackEntry(root *os.Root, name string, h *tar.Header, in io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		if name == "." {
			return nil
		}
		return makeFolders(root, name)
	case tar.TypeReg:
		return unpackFile(root, name, in)
	}
	return fmt.Errorf("want files and folders alone, got %.80q, a link or device", h.Name)
}

// tarBlock is the header of a file and the most that fills its last block.
const tarBlock = 2 * 512

// relativeName returns name without the folder that it must be in.
func relativeName(folder, name string) (string, bool) {
	name = path.Clean(strings.TrimPrefix(name, "./"))
	if name == folder {
		return ".", true
	}
	name, ok := strings.CutPrefix(name, folder+"/")
	return name, ok && filepath.IsLocal(name)
}

// makeFolders makes a folder and its parents.
func makeFolders(root *os.Root, name string) error {
	for i, c := range name + "/" {
		if c != '/' {
			continue
		}
		if err := root.Mkdir(name[:i], 0o777); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// unpackFile writes one file; one that exists already is in the archive twice.
func unpackFile(root *os.Root, name string, in io.Reader) (err error) {
	if dir := path.Dir(name); dir != "." {
		if err := makeFolders(root, dir); err != nil {
			return err
		}
	}
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	_, err = io.Copy(out, in)
	return err
}
