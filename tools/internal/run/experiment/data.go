package experiment

import (
	"context"
	"errors"

	"unwarp/pipelines"
)

// OpenData reads or draws the set. A large one takes seconds, and the goroutine
// that a cancelled ctx leaves behind goes on until it is done: the caller is
// expected to end.
func OpenData(ctx context.Context, d pipelines.Data) (pipelines.Splits, error) {
	var s pipelines.Splits
	var err error
	done := make(chan struct{})
	go func() {
		s, err = pipelines.Open(ctx, d)
		close(done)
	}()
	select {
	case <-ctx.Done():
		return pipelines.Splits{}, ctx.Err()
	case <-done:
	}
	var asked *pipelines.DataRequestError
	if err != nil && (d.Set == "glyphs" || errors.As(err, &asked)) { // no file is to blame
		err = &ConfigError{err}
	}
	return s, err
}
