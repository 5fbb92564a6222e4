//go:build !linux

package files

import "errors"

func swap(string, string) error { return errors.ErrUnsupported }
