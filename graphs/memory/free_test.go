//go:build linux

package memory

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tree writes files of a made-up kernel.
func tree(t *testing.T, files map[string]string) system {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return system{root}
}

func TestSystemLimits(t *testing.T) {
	const meminfo = "MemTotal:  100 kB\nMemAvailable:     50 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing": {nil, "[]"},
		"machine": {map[string]string{"proc/meminfo": meminfo}, "[51200]"},
		"no limit": {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.current": "7\n"},
			"[]"},
		"version 2, nested": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "9000\n", "sys/fs/cgroup/a/b/memory.current": "4000\n", "sys/fs/cgroup/a/b/memory.stat": "anon 5\ninactive_file 1500\n",
			"sys/fs/cgroup/a/memory.max": "8000\n", "sys/fs/cgroup/a/memory.current": "9000\n",
		}, "[51200 6500 0]"},
		"in a container": {map[string]string{"proc/self/cgroup": "0::/docker/x\n", "sys/fs/cgroup/memory.max": "9000\n", "sys/fs/cgroup/memory.current": "1000\n"},
			"[8000]"},
		"version 1": {map[string]string{
			"proc/self/cgroup": "5:cpu,memory:/a\n4:memory_other:/b\nbroken\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes":  "9000\n",
			"sys/fs/cgroup/memory/a/memory.usage_in_bytes":  "2000\n",
			"sys/fs/cgroup/memory/a/memory.stat":            "total_inactive_file 500\n",
			"sys/fs/cgroup/memory/b/memory.limit_in_bytes":  "1\n",
			"sys/fs/cgroup/memory/b/memory.usage_in_bytes2": "1\n",
		}, "[7500]"},
	} {
		var got []uint64
		for _, l := range tree(t, c.files).limits() {
			got = append(got, l.Bytes)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: want %s, got %v", name, c.want, got)
		}
	}
}

// Under ulimit -v a process sees what is left of it.
func TestShellLimit(t *testing.T) {
	if os.Getenv("UNWARP_TEST_FREE") != "" {
		fmt.Println(Check("a test", 3<<30, "take less"))
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `ulimit -v 2500000 && exec "$0" -test.run=TestShellLimit`, self)
	cmd.Env = append(os.Environ(), "UNWARP_TEST_FREE=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "(ulimit -v) for a test, got about 3.0 GB: take less") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestFree(t *testing.T) {
	if free := Free(); free.Bytes < 1<<20 || free.Bytes > 1<<50 || free.By == "" {
		t.Errorf("got %+v", free)
	}
	if err := Check("a test", 1, ""); err != nil {
		t.Error(err)
	}
}
