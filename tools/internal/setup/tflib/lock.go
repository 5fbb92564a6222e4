package tflib

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"unwarp/tools/internal/setup/filelock"
)

// lock makes this process the only one that fetches into the entry. The system drops the lock when its holder
// dies, however it dies. The file stays: removing it would let two processes lock two files of one name.
func (c Config) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(c.entry()+".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for waiting := false; ; waiting = true {
		if err = filelock.Try(f); err == nil {
			break
		}
		if !errors.Is(err, filelock.ErrLocked) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if !waiting {
			c.say("waiting for process %s, which is fetching the same library", holder(f))
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	// For the line that those who wait print; the lock itself does not depend on it.
	if f.Truncate(0) == nil {
		fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return func() { f.Close() }, nil
}

func holder(f *os.File) string {
	data, _ := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if pid := strings.TrimSpace(string(data)); pid != "" {
		return pid
	}
	return "of unknown number"
}
