//go:build !linux && !darwin

package fetch

import "os"

// tryLock does nothing: folders cannot be locked here.
func tryLock(*os.File) error { return nil }
