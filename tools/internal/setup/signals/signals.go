// Package signals ends programs in good order: what a command has done is kept.
package signals

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Context is cancelled by the first of SIGINT, SIGTERM and SIGHUP. A second
// SIGINT or SIGTERM ends the process at once, as by default; a second SIGHUP
// does not, since a terminal that closes sends two. A SIGHUP that was ignored
// when the process began (nohup) stays ignored. stop restores the defaults.
func Context(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	received := make(chan os.Signal, 1)
	hangup := !signal.Ignored(syscall.SIGHUP)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM)
	if hangup {
		signal.Notify(received, syscall.SIGHUP)
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-received:
			if hangup {
				signal.Ignore(syscall.SIGHUP)
			}
			signal.Stop(received)
			cancel()
		case <-ended:
		}
	}()
	return ctx, sync.OnceFunc(func() {
		close(ended)
		signal.Stop(received)
		if hangup {
			signal.Reset(syscall.SIGHUP)
		}
		cancel()
	})
}
