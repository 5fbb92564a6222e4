// Package ctxio lets a long copy end when its context does. It imports the
// standard library only.
package ctxio

import (
	"context"
	"io"
)

// Reader reads from the embedded one until Ctx is done, and then answers its
// error.
type Reader struct {
	Ctx context.Context
	io.Reader
}

func (r Reader) Read(p []byte) (int, error) {
	if err := r.Ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
