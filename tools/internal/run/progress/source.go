package progress

import (
	"io"
	"sync/atomic"
	"time"

	"unwarp/pipelines"
)

// Reading shows on w how much of src has been read, until done is called. What
// reads must read the returned source, each example once.
func Reading(w io.Writer, title string, src pipelines.Source) (counted pipelines.Source, done func()) {
	c := &counting{Source: src}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		bar := New(w, title, "images", int64(src.Len()), 0)
		defer bar.Done()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				bar.Set(c.n.Load(), "")
			}
		}
	}()
	return c, func() { close(stop); <-stopped }
}

// counting is a source that counts what is read of it.
type counting struct {
	pipelines.Source
	n atomic.Int64
}

func (c *counting) At(i int, dst []uint8) (int, error) {
	c.n.Add(1)
	return c.Source.At(i, dst)
}
