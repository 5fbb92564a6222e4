package attacks

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Journal is the state of an evaluation on disk: a line for each attempt that
// has ended. A nil Journal remembers nothing.
type Journal struct {
	file  *os.File
	known map[[2]int]Attempt
}

// journalHead is the first line.
type journalHead struct {
	Journal  int    `json:"unwarp_attack_journal"` // version of the format
	Identity string `json:"identity"`
}

const journalVersion = 1

type journalLine struct {
	Attack int `json:"a"`
	Image  int `json:"i"`
	Attempt
	Pixels []float32 `json:"pixels,omitempty"`
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
	j := &Journal{file: f, known: map[[2]int]Attempt{}}
	if err := j.read(identity); err != nil {
		f.Close()
		return nil, fmt.Errorf("attacks: journal %s: %w", path, err)
	}
	return j, nil
}

func (j *Journal) read(identity string) error {
	in := bufio.NewReaderSize(j.file, 1<<20)
	var whole int64 // bytes of complete lines
	for n := 0; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if n == 0 {
				if _, err := j.file.Seek(0, io.SeekStart); err != nil {
					return err
				}
				if err := j.file.Truncate(0); err != nil {
					return err
				}
				return j.write(journalHead{journalVersion, identity})
			}
			break
		}
		if err != nil {
			return err
		}
		if n == 0 {
			var head journalHead
			if err := json.Unmarshal(line, &head); err != nil || head.Journal != journalVersion {
				return fmt.Errorf("line 1: want the head of a journal of version %d, got %.60q: name another file", journalVersion, line)
			}
			if head.Identity != identity {
				return fmt.Errorf("%w: want that of (%s), got that of (%s): go on with the model, data and attacks it was begun with, or begin anew", ErrOtherEvaluation, identity, head.Identity)
			}
		} else {
			var l journalLine
			if err := json.Unmarshal(line, &l); err != nil {
				return fmt.Errorf("line %d: want an attempt, got %.60q: cut the file before this line", n+1, line)
			}
			l.Attempt.Image = l.Pixels
			j.known[[2]int{l.Attack, l.Image}] = l.Attempt
		}
		whole += int64(len(line))
	}
	if err := j.file.Truncate(whole); err != nil {
		return err
	}
	_, err := j.file.Seek(whole, io.SeekStart)
	return err
}

// Len is the number of attempts that the journal holds.
func (j *Journal) Len() int {
	if j == nil {
		return 0
	}
	return len(j.known)
}

func (j *Journal) find(attack, image int) (Attempt, bool) {
	if j == nil {
		return Attempt{}, false
	}
	a, ok := j.known[[2]int{attack, image}]
	return a, ok
}

func (j *Journal) add(attack, image int, a Attempt) error {
	if j == nil {
		return nil
	}
	return j.write(journalLine{attack, image, a, a.Image})
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
