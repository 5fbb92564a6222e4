package study

import "fmt"

// RequestError says that a study cannot be made as requested: other flags or
// another configuration would help.
type RequestError struct{ Err error }

// Error is the text of the wrapped error.
func (e *RequestError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *RequestError) Unwrap() error { return e.Err }

// WrongRequest formats a [RequestError].
func WrongRequest(format string, args ...any) error {
	return &RequestError{fmt.Errorf(format, args...)}
}
