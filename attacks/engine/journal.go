package engine

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unwarp/attacks"
)

// Journal is the state of an evaluation on disk: a line for each
// result of an attack on an image. A nil Journal remembers nothing.
type Journal struct {
	file  *os.File
	known map[[2]int]attacks.ImageResult
}

// journalHead is the first line.
type journalHead struct {
	Journal  int    `json:"unwarp_attack_journal"` // version of the format
	Identity string `json:"identity"`
}

const journalVersion = 2

type journalLine struct {
	Attack int                 `json:"a"`
	Image  int                 `json:"i"`
	Result attacks.ImageResult `json:"result"`
	Pixels []float32           `json:"pixels,omitempty"`
}

// ErrOtherEvaluation says that a journal belongs to another model, data set or
// list of attacks.
var ErrOtherEvaluation = errors.New("the journal belongs to another evaluation")

// OpenJournal opens the journal at path or begins it. identity is a hash of all
// that determines the evaluation: with another one, [ErrOtherEvaluation] names
// both. A last line cut off by a crash is dropped.
func OpenJournal(path, identity string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("attacks: journal: %w", err)
	}
	j := &Journal{file: f, known: map[[2]int]attacks.ImageResult{}}
	if err := j.read(identity); err != nil {
		f.Close()
		return nil, fmt.Errorf("attacks: journal %s: %w", path, err)
	}
	return j, nil
}

// read takes in what the file holds, and begins it where it has no complete
// line.
func (j *Journal) read(identity string) error {
	in := bufio.NewReaderSize(j.file, 1<<20)
	var complete int64 // bytes of complete lines
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n == 1 {
			err = checkHead(line, identity)
		} else if err == nil {
			err = j.readResult(n, line)
		}
		if err != nil {
			return err
		}
		complete += int64(len(line))
	}
	if err := j.file.Truncate(complete); err != nil {
		return err
	}
	if _, err := j.file.Seek(complete, io.SeekStart); err != nil || complete > 0 {
		return err
	}
	return j.write(journalHead{journalVersion, identity})
}

func checkHead(line []byte, identity string) error {
	var head journalHead
	if err := json.Unmarshal(line, &head); err != nil || head.Journal != journalVersion {
		return fmt.Errorf("line 1: want the head of a journal of version %d, got %.60q: begin the evaluation anew", journalVersion, line)
	}
	if head.Identity != identity {
		return fmt.Errorf("%w: want that of (%s), got that of (%s): continue with the model, data, attacks and radii that it was begun with, or begin again (--restart)", ErrOtherEvaluation, identity, head.Identity)
	}
	return nil
}

// readResult takes in line n.
func (j *Journal) readResult(n int, line []byte) error {
	var l journalLine
	if err := json.Unmarshal(line, &l); err != nil {
		return fmt.Errorf("line %d: want a result, got %.60q: cut the file before this line", n, line)
	}
	l.Result.Image = l.Pixels
	j.known[[2]int{l.Attack, l.Image}] = l.Result
	return nil
}

// Len is the number of results that the journal holds.
func (j *Journal) Len() int {
	if j == nil {
		return 0
	}
	return len(j.known)
}

func (j *Journal) find(attack, image int) (attacks.ImageResult, bool) {
	if j == nil {
		return attacks.ImageResult{}, false
	}
	a, ok := j.known[[2]int{attack, image}]
	return a, ok
}

func (j *Journal) add(attack, image int, r attacks.ImageResult) error {
	if j == nil {
		return nil
	}
	return j.write(journalLine{attack, image, r, r.Image})
}

// write appends a line in one call, so that a kill leaves a prefix of it.
func (j *Journal) write(v any) error {
	raw, err := json.Marshal(v)
	if err == nil {
		_, err = j.file.Write(append(raw, '\n'))
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err != nil {
		return fmt.Errorf("attacks: journal %s: not written: %w: what was written before is kept; free space and resume", j.file.Name(), err)
	}
	return nil
}

// Path is where the journal lies.
func (j *Journal) Path() string { return j.file.Name() }

// Close closes the file.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}
