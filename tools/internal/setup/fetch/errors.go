package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"unwarp/pipelines/files"
)

// retryError marks an error after which another try may succeed.
type retryError struct {
	error
	restarted bool // the server was asked for the rest and sent the file from its start
}

func (e *retryError) Unwrap() error { return e.error }

// newRetryError formats a retryError.
func newRetryError(format string, args ...any) error {
	return &retryError{error: fmt.Errorf(format, args...)}
}

// connectionError says why no bytes, or no more bytes, were received.
func connectionError(ctx context.Context, from string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return fmt.Errorf("%s: the server is not known (%w): check the network or give another address with --from URL", from, err)
	}
	return newRetryError("%s: no response or an incomplete one (%w)", from, err)
}

// writeError says why a file was not written. What was written is kept.
func writeError(path string, err error) error {
	return fmt.Errorf("%s: cannot be written: %w: %s (--to); the downloaded bytes are kept beside it (%s)", files.ShortPath(path), files.Cause(err), files.Advice(err), partSuffix)
}
