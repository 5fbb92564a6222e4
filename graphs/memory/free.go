// Package memory says how much memory this process may still take: what a
// machine has left, what a control group (container) or a limit of the shell
// (ulimit -v) allows. It imports the standard library only.
package memory

import (
	"fmt"
	"math"
)

// Limit is an amount of memory and what bounds it.
type Limit struct {
	Bytes uint64
	By    string // "the memory that is free", "ulimit -v", …; "" where no bound is known
}

// Virtual is the bound of address space, of which programs take more than memory.
const Virtual = "ulimit -v"

// Free is the smallest of all bounds.
func Free() Limit {
	least := Limit{Bytes: math.MaxUint64}
	for _, l := range limits() {
		if l.Bytes < least.Bytes {
			least = l
		}
	}
	return least
}

// Check refuses to take need bytes for what, where Free says that they are not
// there. advice says what to change.
func Check(what string, need uint64, advice string) error {
	if free := Free(); need > free.Bytes {
		return fmt.Errorf("want at most %s (%s) for %s, got about %s: %s", Format(free.Bytes), free.By, what, Format(need), advice)
	}
	return nil
}

// Format writes a number of bytes for a reader.
func Format(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MB", n>>20)
}
