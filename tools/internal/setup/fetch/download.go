package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"unwarp/pipelines/files"
)

// download gets a file, in as many tries as it takes, and gives it its name when
// its checksum is right.
func (d *Fetcher) download(ctx context.Context, address string, f File, path string) error {
	from, err := url.JoinPath(address, f.Name)
	if err != nil {
		return err
	}
	if err := d.downloadPart(ctx, from, f, path); err != nil {
		return err
	}
	part := path + partSuffix
	if err := verifyChecksum(ctx, part, f); err != nil {
		var wrong *mismatchError
		if errors.As(err, &wrong) {
			removeFiles(part, path+tagSuffix)
			return fmt.Errorf("%s: the downloaded file is not the file of the catalogue: %s, SHA-256 or size differ: removed; try another address (--from) or later", from, f.Name)
		}
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("%s: cannot be named: %w", path, files.Cause(err))
	}
	removeFiles(path + tagSuffix)
	return nil
}

// downloadPart completes the part of a file. It tries again after temporary
// errors; d.Tries failures in a row that add no bytes are an error.
func (d *Fetcher) downloadPart(ctx context.Context, from string, f File, path string) error {
	part := path + partSuffix
	pause := d.Pause
	for failed := 0; ; {
		before := fileSize(part)
		err := d.downloadRest(ctx, from, f, path)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var temporary *retryError
		errors.As(err, &temporary)
		if fileSize(part) > before && (temporary == nil || !temporary.restarted) {
			failed, pause = 0, d.Pause
		}
		if failed++; temporary == nil || failed >= d.Tries {
			return explainFailure(err, temporary, f, part)
		}
		if d.Note != nil {
			d.Note("%v; trying again in %v", err, pause)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 16*d.Pause)
	}
}

// explainFailure says what to do after the last failed try.
func explainFailure(err error, temporary *retryError, f File, part string) error {
	switch n := fileSize(part); {
	case temporary == nil:
		return err
	case temporary.restarted:
		return fmt.Errorf("%w: asked for the rest it sends the whole file from the start, so continuing will not help: give another address with --from URL, or fetch %s by hand", err, f.Name)
	case n > 0:
		return fmt.Errorf("%w: %d of %d bytes are kept in %s; give the same command to go on", err, n, f.Size, part)
	}
	return fmt.Errorf("%w: try later, or another address with --from URL", err)
}

// removeFiles removes files that may not exist.
func removeFiles(paths ...string) {
	for _, p := range paths {
		_ = os.Remove(p)
	}
}

// fileSize returns the size of a file, 0 if it does not exist.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
