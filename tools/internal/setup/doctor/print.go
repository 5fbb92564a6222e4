package doctor

import (
	"fmt"
	"io"
	"strings"
)

// Print prints the report, problems last.
func (r Report) Print(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-12s  %s\n", name, fmt.Sprintf(format, args...))
	}
	r.Build.Print(w)
	for _, f := range r.Loaded {
		line("running with", "%s", f)
	}
	for _, t := range r.Searched {
		verdict := "taken by a new build"
		if t.Reason != "" {
			verdict = t.Reason
		}
		line("searched", "%s %s: %s", t.Source, t.Path, verdict)
	}
	for _, d := range r.Devices {
		if d.Type == "CPU" { // its bytes are a meaningless constant
			line("device", "%s", d.Name)
		} else {
			line("device", "%s, %s", d.Name, FormatSize(d.Bytes))
		}
	}
	if r.Memory > 0 {
		line("memory", "%s, %s available", FormatSize(r.Memory), FormatSize(r.Available))
	}
	threads := "all cores"
	if r.Threads > 0 {
		threads = fmt.Sprint(r.Threads)
	}
	line("cores", "%d; threads within one op: %s; device: %s", r.Cores, threads, orUnknown(string(r.Device)))
	line("processor", "%s", orUnknown(strings.Join(r.Features, " ")))
	for _, kv := range r.Environment {
		line("environment", "%s", kv)
	}
	for _, d := range r.Disks {
		line("disk", "%s free in %s (%s)", FormatSize(int64(d.Free)), d.Dir, d.For)
	}
	r.printWorkers(w)
	fmt.Fprintln(w)
	if len(r.Problems) == 0 {
		fmt.Fprintln(w, "nothing is wrong")
	}
	for _, p := range r.Problems {
		word := "note"
		if p.Broken {
			word = "ERROR"
		}
		fmt.Fprintf(w, "%s: %s\n  fix: %s\n", word, p.What, p.Mend)
	}
}

// library is the version of the running library, or why there is none.
func (b Build) library() string {
	if b.Fault != "" {
		return "none: " + b.Fault
	}
	return orUnknown(b.TensorFlow)
}

// Print prints the versions.
func (b Build) Print(w io.Writer) {
	changed := ""
	if b.Modified {
		changed = ", with local changes"
	}
	fmt.Fprintf(w, "%-12s  %s%s\n", "unwarp", b.Unwarp, changed)
	fmt.Fprintf(w, "%-12s  %s, %s\n", "go", b.Go, b.Platform)
	fmt.Fprintf(w, "%-12s  %s\n", "graft", b.Graft)
	fmt.Fprintf(w, "%-12s  %s", "tensorflow", b.library())
	if b.Headers != "" {
		fmt.Fprintf(w, " (built with the headers of %s)", b.Headers)
	}
	fmt.Fprintln(w)
}

// FormatSize writes a number of bytes in MiB or GiB.
func FormatSize(n int64) string {
	switch {
	case n < 0:
		return "unknown"
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
