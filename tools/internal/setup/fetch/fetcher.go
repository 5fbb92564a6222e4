package fetch

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"unwarp/pipelines/files"
)

// A file that is being downloaded is NAME.part; NAME.part.tag holds the server's
// tag of its version.
const (
	partSuffix = ".part"
	tagSuffix  = ".part.tag"
)

// Fetcher downloads files.
type Fetcher struct {
	Client *http.Client
	// Tries is the number of failures in a row after which a download ends;
	// received bytes reset the count. Pause is the wait after the first, doubled
	// each time up to 16 times its length.
	Tries int
	Pause time.Duration
	// Stall is the longest time without bytes.
	Stall time.Duration
	// Progress reports how many bytes of a file there are, and Note what failed
	// before another try. Both may be nil.
	Progress func(f File, done int64)
	Note     func(format string, args ...any)
}

// New returns a fetcher with default limits.
func New() *Fetcher {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 30 * time.Second
	t.DisableCompression = true // checksums are of the stored bytes
	return &Fetcher{Client: &http.Client{Transport: t}, Tries: 5, Pause: time.Second, Stall: 30 * time.Second}
}

// Fetch downloads all files of a set into the folder dir, which it makes.
// Complete files are not downloaded again.
func (d *Fetcher) Fetch(ctx context.Context, s Set, dir string) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("%s: want a folder to write to: %w: choose another", dir, files.Cause(err))
	}
	unlock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer unlock()
	for _, f := range s.Files {
		if err := d.fetchFile(ctx, s.Address, f, dir); err != nil {
			return err
		}
	}
	return nil
}

// fetchFile downloads one file, and unpacks it if it is an archive.
func (d *Fetcher) fetchFile(ctx context.Context, address string, f File, dir string) error {
	path := filepath.Join(dir, f.Name)
	for _, p := range []string{path, path + partSuffix} {
		if info, err := os.Stat(p); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%s: want a file, got a folder or device: move it away and fetch again", p)
		}
	}
	if f.Unpack != "" {
		if there, err := isUnpacked(filepath.Join(dir, f.Unpack), f); there || err != nil {
			return err
		}
	}
	if _, err := os.Lstat(path); err == nil {
		if err := verifyChecksum(ctx, path, f); err != nil {
			return err
		}
	} else if err := d.download(ctx, address, f, path); err != nil {
		return err
	}
	if f.Unpack == "" {
		return nil
	}
	if err := unpackArchive(ctx, path, f, dir); err != nil {
		return err
	}
	return os.Remove(path) // its content is unpacked
}
