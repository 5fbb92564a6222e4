// Package filelock lets one process at a time work on a file or folder.
package filelock

import "errors"

// ErrLocked says that another process, or another opening of the file, holds
// the lock.
var ErrLocked = errors.New("locked by another process")
