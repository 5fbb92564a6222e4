//go:build !linux

package tfload

// runPath is not read on this system.
func runPath() []string { return nil }
