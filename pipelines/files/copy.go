package files

import (
	"io"
	"os"
)

// Copy makes path a copy of the file from, in one step as [Write] does, piece by piece:
// the file may be larger than the memory.
func Copy(path, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return NotRead(from, err)
	}
	defer in.Close()
	source := &failingReader{r: in}
	err = replace(path, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
	if source.err != nil {
		return NotRead(from, source.err)
	}
	return NotWritten(path, err)
}

// failingReader keeps the error of reading, to tell it from one of writing.
type failingReader struct {
	r   io.Reader
	err error
}

func (f *failingReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != io.EOF {
		f.err = err
	}
	return n, err
}
