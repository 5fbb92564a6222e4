package main

import (
	"io"

	"unwarp/tools/internal/run/progress"
)

// layoutBar shows the progress of t-SNE, a bar for each code.
type layoutBar struct {
	log   io.Writer
	steps int
	code  string
	bar   *progress.Bar
}

func (b *layoutBar) show(code string, done int) {
	if b.bar == nil || b.code != code {
		b.done()
		b.bar, b.code = progress.New(b.log, "laying out "+code, "steps", int64(b.steps), 0), code
	}
	if done%25 == 0 { // the first steps say nothing about the time that is left
		b.bar.Set(int64(done), "")
	}
}

func (b *layoutBar) done() {
	if b.bar != nil {
		b.bar.Done()
	}
}
