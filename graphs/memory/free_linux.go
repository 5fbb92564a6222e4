package memory

import (
	"bufio"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// limits lists the bounds of this process.
func limits() []Limit {
	all := system{"/"}.limits()
	return append(all, shellLimits()...)
}

// system reads what the kernel says in files below a folder, which is / but in
// tests.
type system struct{ root string }

func (s system) limits() []Limit {
	var all []Limit
	if free, ok := s.field("proc/meminfo", "MemAvailable:"); ok {
		all = append(all, Limit{free << 10, "the memory that is free"})
	}
	for _, line := range s.lines("proc/self/cgroup") {
		part := strings.SplitN(line, ":", 3)
		if len(part) != 3 {
			continue
		}
		switch {
		case part[1] == "": // version 2
			all = append(all, s.groupLimits("sys/fs/cgroup", part[2], "memory.max", "memory.current", "inactive_file")...)
		case strings.Contains(","+part[1]+",", ",memory,"):
			all = append(all, s.groupLimits("sys/fs/cgroup/memory", part[2], "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")...)
		}
	}
	return all
}

// groupLimits are the bounds of a control group and of those around it. Inside a
// container the group's own path may not be there: its files are at the top.
func (s system) groupLimits(mount, group, limit, used, reclaimable string) []Limit {
	var all []Limit
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		dir := mount + at
		most, ok := s.number(path.Join(dir, limit))
		if now, known := s.number(path.Join(dir, used)); ok && known {
			cache, _ := s.field(path.Join(dir, "memory.stat"), reclaimable)
			now -= min(now, cache) // pages that are given back when they are needed
			all = append(all, Limit{most - min(most, now), "the limit of the control group (container)"})
		}
		if at == "/" {
			return all
		}
	}
}

// number reads a file that holds one number.
func (s system) number(name string) (uint64, bool) {
	raw, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 64)
	return n, err == nil // "max" is no number
}

// field reads the number after a word at the start of a line.
func (s system) field(name, word string) (uint64, bool) {
	for _, line := range s.lines(name) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == word {
			n, err := strconv.ParseUint(f[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

func (s system) lines(name string) []string {
	f, err := os.Open(filepath.Join(s.root, name))
	if err != nil {
		return nil
	}
	defer f.Close()
	var all []string
	for scan := bufio.NewScanner(f); scan.Scan(); {
		all = append(all, scan.Text())
	}
	return all
}

// shellLimits are those of ulimit -v and -d, less what is taken.
func shellLimits() []Limit {
	var all []Limit
	for _, l := range []struct {
		resource   int
		used, name string
	}{{syscall.RLIMIT_AS, "VmSize:", Virtual}, {syscall.RLIMIT_DATA, "VmData:", "ulimit -d"}} {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(l.resource, &limit); err != nil || limit.Cur >= math.MaxInt64 {
			continue
		}
		used, _ := system{"/"}.field("proc/self/status", l.used)
		all = append(all, Limit{limit.Cur - min(limit.Cur, used<<10), l.name})
	}
	return all
}
