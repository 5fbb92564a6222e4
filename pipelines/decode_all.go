package pipelines

import (
	"context"
	"fmt"
	"image"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// decoded is what became of the files of a part.
type decoded struct {
	bad   []error // by file; nil where it was read
	notes []decodeNote
}

// decodeAll decodes the files into m, each into the example of its place, on all processors, and
// calls report now and then with how many are done. Files that cannot be read do not stop it.
func decodeAll(ctx context.Context, files []imageFile, m *memorySource, report func(done, total int)) (decoded, error) {
	d := decoded{make([]error, len(files)), make([]decodeNote, len(files))}
	var next, done atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		all.Go(func() {
			square := image.NewRGBA(image.Rect(0, 0, m.shape.W, m.shape.H))
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				d.notes[i], d.bad[i] = decodeFile(files[i], square, m.shape, m.example(i))
				done.Add(1)
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		all.Wait()
		close(ended)
	}()
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			report(int(done.Load()), len(files))
		case <-ended:
			return d, ctx.Err()
		}
	}
}

// UnreadableError names the images of a set that cannot be read, each on a line of its own below the first.
type UnreadableError struct {
	where string
	bad   []error
}

func (e *UnreadableError) Error() string {
	const most = 1000
	var lines []string
	for _, err := range e.bad[:min(most, len(e.bad))] {
		lines = append(lines, "  "+strings.TrimPrefix(err.Error(), "pipelines: "))
	}
	if more := len(e.bad) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return fmt.Sprintf("pipelines: %s: want images that can be read, got %d that cannot: mend or remove them, or leave them out with data.skip_bad=true (--skip-bad):\n%s", displayPath(e.where), len(e.bad), strings.Join(lines, "\n"))
}

// unreadableImages is the error of a set with images that cannot be read: that of the only one, or an
// [UnreadableError].
func unreadableImages(where string, bad []error) error {
	if len(bad) == 1 {
		return fmt.Errorf("%w, or leave it out with data.skip_bad=true (--skip-bad)", bad[0])
	}
	return &UnreadableError{where, bad}
}

// leaveOut removes the examples whose files are bad, and tells whether there were any.
func (m *memorySource) leaveOut(bad []error) bool {
	n, kept := m.shape.Len(), 0
	for i := range m.labels {
		if bad[i] != nil {
			continue
		}
		copy(m.example(kept), m.example(i))
		m.labels[kept] = m.labels[i]
		if m.files != nil {
			m.files[kept], m.hashes[kept] = m.files[i], m.hashes[i]
		}
		kept++
	}
	if m.files != nil {
		m.files, m.hashes = slices.Clip(m.files[:kept]), slices.Clip(m.hashes[:kept])
	}
	m.pixels, m.labels = slices.Clip(m.pixels[:kept*n]), slices.Clip(m.labels[:kept])
	return kept < len(bad)
}
