//go:build !linux && !darwin

package filelock

import (
	"errors"
	"os"
)

// Try fails: there are no locks here.
func Try(*os.File) error { return errors.New("not supported on this system") }
