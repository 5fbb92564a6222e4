package cluster

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Worker is a session on a worker over the graph of a net of this process. Its
// variables are its own. Calls may come from several goroutines.
type Worker struct {
	Info
	net      *graphs.Net
	deadline time.Duration
}

// Connect opens a session on the worker at address over the graph of net, in the
// same precision, and gives its variables the values, which may be none.
func Connect(ctx context.Context, address string, net *graphs.Net, values graphs.Values, c Config) (*Worker, error) {
	info, err := Check(ctx, address)
	if err != nil {
		return nil, err
	}
	w := &Worker{Info: info, deadline: c.deadline()}
	if w.net, err = net.Open(graphs.Options{Target: target(address), Deadline: w.deadline, Precision: net.Precision}); err != nil {
		return nil, &LostError{address, err}
	}
	if err := w.SetVariables(ctx, values); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Run is [graphs.Net.Run] on the worker. Its error is a [LostError], unless ctx was
// cancelled or the worker lacks an op.
func (w *Worker) Run(ctx context.Context, feeds graphs.Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error) {
	var out []*tf.Tensor
	err := w.call(ctx, func() (err error) {
		out, err = w.net.Run(feeds, fetches, targets...)
		return err
	})
	if err != nil {
		return nil, err // out may still be written
	}
	return out, nil
}

// SetVariables gives variables the values, with errors as those of Run.
func (w *Worker) SetVariables(ctx context.Context, values graphs.Values) error {
	return w.call(ctx, func() error { return w.net.SetVariables(values) })
}

func (w *Worker) call(ctx context.Context, f func() error) error {
	err := watch(ctx, w.Address, grace, f)
	switch {
	case err == nil || ctx.Err() != nil && err == ctx.Err():
		return err
	case strings.Contains(err.Error(), "Op type not registered"):
		return &RefusedError{w.Address, fmt.Errorf("it lacks what this model needs (%w): give both machines the same build of unwarp", err)}
	}
	return &LostError{w.Address, explain(w.Address, err, w.deadline)}
}

// Close ends the session. It waits for a moment and no longer: closing a session
// on a lost worker may hang.
func (w *Worker) Close() { closeSession(w.net.Session) }

const closing = time.Second / 2

func closeSession(s *tf.Session) {
	runtime.SetFinalizer(s, nil) // which would hang all others
	done := make(chan struct{})
	go func() {
		s.Close()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closing):
	}
}

// grace is what a call may still take when the program is told to end.
const grace = 3 * time.Second

// watch calls f and gives up on it where the worker at address is gone, or the time
// of grace after ctx is cancelled: then f ends later, by its deadline.
func watch(ctx context.Context, address string, grace time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	look := time.NewTicker(time.Second / 4)
	defer look.Stop()
	cancelled := ctx.Done()
	var end <-chan time.Time
	for {
		select {
		case err := <-done:
			return err
		case <-cancelled:
			cancelled, end = nil, time.After(grace)
		case <-end:
			return ctx.Err()
		case <-look.C:
			// TensorFlow tries to connect again until the deadline.
			if err := reach(address, time.Second); err == errNobody {
				return err
			}
		}
	}
}
