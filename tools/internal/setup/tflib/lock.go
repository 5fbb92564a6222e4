package tflib

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lock makes this process the only one that fetches into the entry. The system drops the lock when its holder
// dies, however it dies. The file stays: removing it would let two processes lock two files of one name.
func (c Config) lock(ctx context.Context) (unlock func(), err error) {
	name := c.entry() + ".lock"
	l := flock.New(name, flock.SetFlag(os.O_RDWR|os.O_CREATE), flock.SetPermissions(0o666))
	locked, err := l.TryLock()
	if err == nil && !locked {
		c.say("waiting for process %s, which is fetching the same library", holder(name))
		locked, err = l.TryLockContext(ctx, 100*time.Millisecond)
	}
	switch {
	case ctx.Err() != nil && !locked:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// For the line that those who wait print; the lock itself does not depend on it.
	_ = os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o666)
	return func() { l.Close() }, nil
}

// holder is the number of the process that has the lock, as its file says.
func holder(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return "of unknown number"
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, 32))
	if pid := strings.TrimSpace(string(data)); pid != "" {
		return pid
	}
	return "of unknown number"
}
