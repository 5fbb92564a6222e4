// Package progress shows how far a long job is: a bar on a terminal, a plain
// line now and then where the output is a file or a pipe. It may import pipelines
// and trainer, whose callbacks it implements, and is the only package that
// imports progressbar.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar is one job. Its methods must be called from one goroutine.
type Bar struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil: plain lines
	title string
	unit  string
	total int64
	start time.Time
	from  int64     // done when the job began
	last  time.Time // of the last plain line
	rate  bool      // the bar shows one
}

// A line that is wider than the terminal cannot be overwritten: it would flood
// it. So the words beside the bar are cut to what percentage, times and rate
// leave, in columns; below the narrowest there is no bar.
const (
	narrowest  = 40
	roomy      = 80
	besideBar  = 32 // " 100% |    | [12m34s:1h23m45s]"
	besideRate = 12 // " (12345 /s)" without the unit
)

// describe is title and words, as many as there is room for.
func (b *Bar) describe(words string) string {
	columns, ok := terminal(b.w)
	if !ok {
		columns = narrowest
	}
	room := columns - besideBar
	if b.rate {
		room -= besideRate + len(b.unit)
	}
	return fit(b.title, words, room)
}

// fit joins as many whole words as fit in room columns.
func fit(title, words string, room int) string {
	line := title
	for _, w := range strings.Fields(words) {
		if len(line)+1+len(w) > room {
			break
		}
		line += " " + w
	}
	return line
}

// plainEvery is how often a job without terminal reports; a rate measured
// before soonest says nothing.
const (
	plainEvery = 10 * time.Second
	soonest    = time.Second
)

// New begins a job of total units ("images"), of which done are done already.
func New(w io.Writer, title, unit string, total, done int64) *Bar {
	b := &Bar{w: w, title: title, unit: unit, total: total, start: time.Now(), from: done}
	if columns, ok := terminal(w); ok && columns >= narrowest {
		o := []progressbar.Option{
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetDescription(title),
			progressbar.OptionSetItsString(unit),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(max(4, min(30, columns-80))),
			progressbar.OptionThrottle(100 * time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionUseANSICodes(true),
		}
		if b.rate = columns >= roomy; b.rate {
			o = append(o, progressbar.OptionShowIts())
		}
		b.bar = progressbar.NewOptions64(total, o...)
		_ = b.bar.Set64(done)
	}
	return b
}

// Columns is the width of w if it is a terminal, else 0.
func Columns(w io.Writer) int {
	n, _ := terminal(w)
	return n
}

// terminal is the width of w if it is one.
func terminal(w io.Writer) (columns int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	return columns, err == nil
}

// Set says that done units are done, with a few words on how it goes.
func (b *Bar) Set(done int64, words string) {
	if b.bar != nil {
		b.bar.Describe(b.describe(words))
		_ = b.bar.Set64(done)
		return
	}
	if time.Since(b.last) < plainEvery {
		return
	}
	b.last = time.Now()
	speed, took := "", time.Since(b.start)
	if rate := float64(done-b.from) / took.Seconds(); rate > 0 && took >= soonest {
		digits := 0
		if rate < 10 {
			digits = 1
		}
		left := time.Duration(float64(b.total-done)/rate) * time.Second
		speed = fmt.Sprintf(", %.*f %s/s, %v left", digits, rate, b.unit, left)
	}
	if words != "" {
		words = ", " + words
	}
	fmt.Fprintf(b.w, "%s: %d of %d %s (%d%%)%s%s\n", b.title, done, b.total, b.unit, 100*done/max(1, b.total), speed, words)
}

// Note prints a line that stays, above the bar.
func (b *Bar) Note(format string, args ...any) {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
	fmt.Fprintf(b.w, format+"\n", args...)
	if b.bar != nil {
		_ = b.bar.RenderBlank()
	}
}

// Done ends the job and removes the bar.
func (b *Bar) Done() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// Counting shows a job on w from the first call that finds it unfinished until
// done is total.
func Counting(w io.Writer, title, unit string) func(done, total int) {
	var bar *Bar
	return func(done, total int) {
		switch {
		case done < total && bar == nil:
			bar = New(w, title, unit, int64(total), 0)
			fallthrough
		case done < total:
			bar.Set(int64(done), "")
		case bar != nil:
			bar.Done()
			bar = nil
		}
	}
}
