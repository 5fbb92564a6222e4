package imported

import (
	"strconv"
	"strings"
)

// Names makes names of variables from those of a file. The zero value is ready.
type Names struct {
	taken map[string]int // the number that a next one of the name may have
}

// Unique is name with what TensorFlow does not allow in the name of an op replaced
// by _, and a number behind it where the name is taken.
func (n *Names) Unique(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '/' || r == '_' {
			return r
		}
		return '_'
	}, name)
	name = strings.Trim(name, "/")
	if name == "" || strings.ContainsRune("_-/", rune(name[0])) {
		name = "w" + name // TensorFlow wants a letter or a digit in front
	}
	if n.taken == nil {
		n.taken = map[string]int{}
	}
	free, key := name, strings.ToLower(name)
	for n.taken[strings.ToLower(free)] > 0 {
		n.taken[key]++
		free = name + "_" + strconv.Itoa(n.taken[key])
	}
	n.taken[strings.ToLower(free)] = 1
	return free
}
