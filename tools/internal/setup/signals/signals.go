// Package signals ends programs in good order: what a command has done is kept.
package signals

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// grace is how long after the first signal further ones do nothing: whoever
// signals a process and then its whole group, as timeout does, sends two at once.
var grace = 2 * time.Second

// Context is cancelled by the first of SIGINT, SIGTERM and SIGHUP. Another SIGINT
// or SIGTERM, two seconds later or more, ends the process at once, as by default;
// another SIGHUP does not, since a terminal that closes sends two. A SIGHUP that
// was ignored when the process began (nohup) stays ignored. stop restores the
// defaults.
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
			cancel()
			select {
			case <-time.After(grace):
				signal.Stop(received)
			case <-ended:
			}
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
