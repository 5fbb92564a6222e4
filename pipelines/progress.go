package pipelines

import (
	"context"
	"time"
)

// reportEvery is the interval between progress reports; a test shortens it.
var reportEvery = 200 * time.Millisecond

type progressKey struct{}

// WithProgress has Open call f with the number of image files that it has decoded, of total, now and
// then, from one goroutine. The last call has done equal to total, whether it succeeded or not. Sets
// that are read in one piece do not report.
func WithProgress(ctx context.Context, f func(done, total int)) context.Context {
	return context.WithValue(ctx, progressKey{}, f)
}

func progressFrom(ctx context.Context) func(done, total int) {
	if f, ok := ctx.Value(progressKey{}).(func(done, total int)); ok {
		return f
	}
	return func(done, total int) {}
}
