package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const tooLate = "too late"

// counts are the kills by kind of command and signal.
type counts struct {
	each    map[[2]string]int
	writing int // while a file or folder was being written
}

func (c *counts) add(kind, how string, writing bool) {
	if c.each == nil {
		c.each = map[[2]string]int{}
	}
	c.each[[2]string{kind, how}]++
	if writing {
		c.writing++
	}
}

// kills is the number of commands that a signal ended.
func (c counts) kills() (n int) {
	for key, k := range c.each {
		if key[1] != tooLate {
			n += k
		}
	}
	return n
}

// String is the number of kills of each kind of command.
func (c counts) String() string {
	kinds := map[string]int{}
	for key, k := range c.each {
		if key[1] != tooLate {
			kinds[key[0]] += k
		}
	}
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, kinds[kind]))
	}
	return strings.Join(parts, ", ")
}

func (c counts) table() string {
	var b strings.Builder
	for _, key := range slices.SortedFunc(maps.Keys(c.each), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		fmt.Fprintf(&b, "%-8s %-12s %4d\n", key[0], key[1], c.each[key])
	}
	fmt.Fprintf(&b, "while a file or folder was being written: %d\n", c.writing)
	return b.String()
}
