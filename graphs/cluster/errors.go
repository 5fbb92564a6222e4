package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// LostError says that a worker does not answer, or has failed. It may come back.
type LostError struct {
	Address string
	Why     error
}

func (e *LostError) Error() string { return fmt.Sprintf("worker %s: %v", e.Address, e.Why) }

// Unwrap is what happened.
func (e *LostError) Unwrap() error { return e.Why }

// RefusedError says that what listens at an address is no worker for this driver.
type RefusedError struct {
	Address string
	Why     error
}

func (e *RefusedError) Error() string { return fmt.Sprintf("worker %s: %v", e.Address, e.Why) }

// Unwrap is what is wrong with it.
func (e *RefusedError) Unwrap() error { return e.Why }

var errNobody = errors.New("connection refused: no worker listens there: start it with unwarp worker")

// reach tries to connect within the limit.
func reach(address string, limit time.Duration) error {
	c, err := net.DialTimeout("tcp", address, limit)
	switch {
	case err == nil:
		return c.Close()
	case errors.Is(err, syscall.ECONNREFUSED):
		return errNobody
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return fmt.Errorf("no connection within %v: its machine is down, or cut off", limit)
	}
	return fmt.Errorf("no connection: %w", reason(err))
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// reason is err without the address that the message names already.
func reason(err error) error {
	var o *net.OpError
	var call *os.SyscallError
	switch {
	case errors.As(err, &call):
		return call.Err
	case errors.As(err, &o):
		return o.Err
	}
	return err
}

// explain says in words why a call failed that took so long.
func explain(address string, err error, limit time.Duration) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "Deadline Exceeded"):
		if down := reach(address, time.Second); down != nil {
			return fmt.Errorf("no answer within %v: %w", limit, down)
		}
		return fmt.Errorf("no answer within %v, though it accepts connections: it is frozen, overloaded, or needs a larger cluster.deadline", limit)
	case isForgotten(err):
		return errors.New("it has been started anew")
	}
	return err
}

// isForgotten is true where a worker does not know the session of a call any more.
func isForgotten(err error) bool {
	text := err.Error()
	return strings.Contains(text, "Session handle is not found") || strings.Contains(text, "was closed")
}
