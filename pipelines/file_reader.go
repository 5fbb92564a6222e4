package pipelines

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxDeflate is the highest compression ratio of deflate, rounded up: a gzip file cannot hold more.
const maxDeflate = 1040

// openFile opens a regular file of a set and returns its size.
func openFile(path string) (*os.File, int64, error) {
	return openRegular(path, displayPath(path), "set data.path to the folder of the files", checkPath)
}

// openRegular opens a regular file, which messages call where, and returns its size. notFile and unread
// say what to do about something that is no regular file, and about one that cannot be read.
func openRegular(path, where, notFile, unread string) (*os.File, int64, error) {
	// Before opening: opening a pipe waits for its other end.
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, unreadableError(where, err, unread)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("pipelines: %s: want a regular file, got %v: %s", where, info.Mode(), notFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, unreadableError(where, err, unread)
	}
	return f, info.Size(), nil
}

// checkPath is what to do about a file or folder of a set that cannot be read.
const checkPath = "check path and its permissions"

// unreadableError says why a file or folder cannot be read, naming it once.
func unreadableError(where string, err error, do string) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("pipelines: %s: want a readable file or folder, got %w: %s", where, err, do)
}

// newFileReader reads a file of size bytes, unpacking it if it is gzip, whatever its name.
func newFileReader(path string, file io.Reader, size int64) (*fileReader, error) {
	r := &fileReader{path: path, room: uint64(max(size, 0))}
	in := bufio.NewReaderSize(file, 1<<16)
	r.in = in
	if head, _ := in.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := newGzipMembers(in)
		if err != nil {
			return nil, r.fail("a gzip file", err.Error(), "fetch the file again", err)
		}
		r.in, r.zipped, r.room = z, true, r.room*maxDeflate
	}
	return r, nil
}

// fileReader reads one binary file and knows where it is.
type fileReader struct {
	path   string
	in     io.Reader
	zipped bool
	room   uint64 // the most bytes that the file can hold
	at     int    // bytes read, after decompression
}

// fail makes an error at the present offset; cause may be nil.
func (r *fileReader) fail(want, got, do string, cause error) error {
	where := fmt.Sprintf("at byte %d", r.at)
	if r.zipped {
		where += " (uncompressed)"
	}
	return &fileError{fmt.Sprintf("pipelines: %s: %s: want %s, got %s: %s", displayPath(r.path), where, want, got, do), cause}
}

// fileError is a one-line error with its cause, if an input error caused it.
type fileError struct {
	text  string
	cause error
}

func (e *fileError) Error() string { return e.text }
func (e *fileError) Unwrap() error { return e.cause }

// readFull reads all of b.
func (r *fileReader) readFull(b []byte, what string) error {
	n, err := io.ReadFull(r.in, b)
	r.at += n
	switch {
	case err == nil:
		return nil
	case r.zipped && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return r.fail(what, err.Error(), "the file is damaged, fetch it again", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r.fail(what, "the end of the file", "the file is truncated, fetch it again", io.ErrUnexpectedEOF)
	default:
		return r.fail(what, err.Error(), "check the disk", err)
	}
}

// readBody reads total bytes. Memory grows with what arrives, so that a header cannot make it allocate
// what is not there.
func (r *fileReader) readBody(total int) ([]byte, error) {
	const first = 1 << 20
	data := make([]byte, 0, min(total, first))
	if !r.zipped {
		data = make([]byte, 0, total) // no more than the file's size
	}
	for len(data) < total {
		if len(data) == cap(data) {
			grown := make([]byte, len(data), min(total, 2*cap(data)))
			copy(grown, data)
			data = grown
		}
		n := len(data)
		data = data[:cap(data)]
		if err := r.readFull(data[n:], fmt.Sprintf("%d bytes of values", total)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// expectEnd wants nothing more. For a gzip file this is also where its checksum is compared.
func (r *fileReader) expectEnd() error {
	var b [1]byte
	_, err := io.ReadFull(r.in, b[:])
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return r.fail("the end of the file", "trailing bytes", "the header does not fit the file, fetch it again", nil)
	default:
		return r.fail("the end of the file", err.Error(), "the file is damaged, fetch it again", err)
	}
}

// formatProduct is "60000*28*28", which unlike its value always fits.
func formatProduct(dims []int) string {
	s := make([]string, len(dims))
	for i, d := range dims {
		s[i] = fmt.Sprint(d)
	}
	return strings.Join(s, "*")
}
