package tflib

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// say writes one line about what is going on.
func (c Config) say(format string, args ...any) {
	if c.Log != nil {
		fmt.Fprintf(c.Log, "tf: "+format+"\n", args...)
	}
}

// meter shows how far a job has come: a bar on a terminal, else a line for every quarter. It is for one goroutine.
// The bar is drawn here because the progress bar library of the other tools brings net/http along, and with
// it cgo and half a minute of compiling before the first byte is fetched.
type meter struct {
	log         io.Writer // nil shows nothing
	terminal    bool
	what        string
	total, done int64
	quarters    int64     // said so far
	drawn       time.Time // when the bar last was
}

func newMeter(log io.Writer, what string, total int64) *meter {
	m := &meter{log: log, what: what, total: max(total, 1)}
	if f, ok := log.(*os.File); ok {
		m.terminal = term.IsTerminal(int(f.Fd()))
	}
	return m
}

// Write counts bytes on their way to a file.
func (m *meter) Write(p []byte) (int, error) {
	m.set(m.done + int64(len(p)))
	return len(p), nil
}

func (m *meter) set(done int64) {
	m.done = min(done, m.total)
	switch q := 4 * m.done / m.total; {
	case m.log == nil:
	case m.terminal:
		m.draw()
	case q > m.quarters:
		m.quarters = q
		fmt.Fprintf(m.log, "tf: %s: %d %% of %s\n", m.what, 25*q, megabytes(m.total))
	}
}

func (m *meter) draw() {
	if now := time.Now(); now.Sub(m.drawn) >= 100*time.Millisecond {
		m.drawn = now
		const width = 30
		full := int(width * m.done / m.total)
		fmt.Fprintf(m.log, "\rtf: %-9s [%s%s] %3d %% of %s", m.what,
			strings.Repeat("=", full), strings.Repeat(" ", width-full), 100*m.done/m.total, megabytes(m.total))
	}
}

// close wipes the bar.
func (m *meter) close() {
	if m.terminal && !m.drawn.IsZero() {
		fmt.Fprint(m.log, "\r\x1b[K")
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
