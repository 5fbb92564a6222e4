package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"unwarp/pipelines/files"
)

// Kind is what a journal is of.
type Kind struct {
	Of      string // in errors: "attacks"
	Key     string // of the version in the first line: "unwarp_attack_journal"
	Version int    // of the format
}

// File is a journal.
type File struct {
	kind     Kind
	path     string
	file     *os.File        // nil of one that is only read
	identity json.RawMessage // in the first line
	head     uint32          // checksum of the first line
	dropped  int             // bytes of a last line that was cut off
}

var (
	// ErrOther says that a journal belongs to another computation: another model,
	// data set or list of attacks.
	ErrOther = errors.New("the journal belongs to another evaluation")
	// ErrOld says that an earlier version of unwarp wrote a journal.
	ErrOld = errors.New("the journal is of an earlier version of unwarp")
)

// BeginAgain is what to do with a journal that is of no use.
const BeginAgain = "begin the evaluation again (--restart)"

// Open opens the journal at path or begins it, and hands each result in it, line
// n of the file, to take. identity is everything that decides the results, to be
// written as JSON: with another one, [ErrOther] says which of its keys differ.
// The file changes only if all of it could be read.
func Open(path string, k Kind, identity any, take func(n int, result []byte) error) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s: journal %w", k.Of, files.NotWritten(path, err))
	}
	j := &File{kind: k, path: path, file: f}
	raw, err := json.Marshal(identity)
	if err == nil {
		err = j.readOrBegin(raw, take)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: journal %s: %w", k.Of, files.ShortPath(path), err)
	}
	return j, nil
}

// Read reads the journal at path, of any identity, and does not change the file. A
// last line that was cut off is left out, see [File.Dropped].
func Read(path string, k Kind, take func(n int, result []byte) error) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: journal %w", k.Of, files.NotRead(path, err))
	}
	defer f.Close()
	j := &File{kind: k, path: path}
	complete, err := j.read(f, nil, take)
	if err == nil && complete == 0 {
		err = fmt.Errorf("want the head of a journal, got an empty file: %s", BeginAgain)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: journal %s: %w", k.Of, files.ShortPath(path), err)
	}
	return j, nil
}

// readOrBegin takes in what the file holds, and begins it where it has no complete
// line.
func (j *File) readOrBegin(identity json.RawMessage, take func(n int, result []byte) error) error {
	complete, err := j.read(j.file, identity, take)
	if err != nil {
		return err
	}
	if err := j.file.Truncate(complete); err != nil {
		return err
	}
	if _, err := j.file.Seek(complete, io.SeekStart); err != nil || complete > 0 {
		return err
	}
	return j.begin(identity)
}

// read takes in the complete lines of a journal, and returns how many bytes they
// are. identity is what it must have, nil for any.
func (j *File) read(from io.Reader, identity json.RawMessage, take func(n int, result []byte) error) (complete int64, err error) {
	in := bufio.NewReaderSize(from, 1<<20)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return complete, err
		}
		if len(line) == 0 {
			return complete, nil
		}
		body, whole := bytes.CutSuffix(line, []byte("\n"))
		_, end := in.Peek(1)
		err = j.readLine(n, body, whole, identity, take)
		if errors.Is(err, errChecksum) && end != nil && (n > 1 || !whole) {
			j.dropped = len(line) // the end of a write that was cut off
			return complete, nil
		}
		if err != nil {
			return complete, err
		}
		complete += int64(len(line))
	}
}

// errChecksum says that a line is not as it was written.
var errChecksum = errors.New("its checksum is wrong")

// readLine takes in line n, which is whole if it had an end.
func (j *File) readLine(n int, line []byte, whole bool, identity json.RawMessage, take func(n int, result []byte) error) error {
	if n == 1 {
		if err := j.kind.refuseOther(line); err != nil {
			return err
		}
	}
	sum, body, ok := openLine(line)
	if !ok || !whole || sum != checksum(j.head, body) {
		return fmt.Errorf("line %d: %w: the file is damaged: %s", n, errChecksum, BeginAgain)
	}
	if n == 1 {
		j.head = sum
		return j.check(body, identity)
	}
	return take(n, object(body))
}

// Dropped is the number of bytes of a last line that was cut off, and dropped.
func (j *File) Dropped() int { return j.dropped }

// Append adds a result, an object in JSON, in one call, so that a kill leaves a
// prefix of its line. A journal that is only read takes none.
func (j *File) Append(result any) error {
	if j.file == nil {
		return nil
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("%s: journal %w", j.kind.Of, err)
	}
	return j.write(closeLine(j.head, raw))
}

func (j *File) write(line []byte) error {
	if err := files.Append(j.file, line); err != nil {
		return fmt.Errorf("%s: journal %w; what was written before is kept: resume then", j.kind.Of, err)
	}
	return nil
}

// Path is where the journal lies.
func (j *File) Path() string { return j.path }

// Identity is what the first line holds.
func (j *File) Identity() json.RawMessage { return j.identity }

// Close closes the file.
func (j *File) Close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
