package engine

import (
	"encoding/json"
	"fmt"

	"unwarp/attacks"
	"unwarp/attacks/journal"
)

// Journal is the state of an evaluation on disk: a line for each result of an
// attack on an image (package [journal]). A nil Journal remembers nothing.
type Journal struct {
	*journal.File // nil of one that holds results of shards
	known         map[[2]int]journalEntry
	merged        bool // its results are those of shards
}

// journalEntry is a result with the number of its line.
type journalEntry struct {
	line   int
	result attacks.ImageResult
}

var journalKind = journal.Kind{Of: "attacks", Key: "unwarp_attack_journal", Version: 3}

type journalLine struct {
	Attack int                 `json:"a"`
	Image  int                 `json:"i"`
	Result attacks.ImageResult `json:"result,omitzero"`
	Pixels []float32           `json:"pixels,omitempty"`
	// Forgotten takes back the result above: its example did not hold when it was
	// verified again.
	Forgotten bool `json:"forgotten,omitempty"`
}

// OpenJournal opens the journal at path or begins it. identity is everything that
// decides the figures of the evaluation, to be written as JSON: with another one,
// [journal.ErrOther] says which of its keys differ. A last line that was cut
// off by a crash is dropped, see [Journal.Dropped]; damage elsewhere is an error.
func OpenJournal(path string, identity any) (j *Journal, err error) {
	j = &Journal{known: map[[2]int]journalEntry{}}
	if j.File, err = journal.Open(path, journalKind, identity, j.readResult); err != nil {
		return nil, err
	}
	return j, nil
}

// ReadJournal reads the journal at path, of any evaluation, and does not change
// the file. A last line that was cut off is left out, see [Journal.Dropped].
func ReadJournal(path string) (j *Journal, err error) {
	j = &Journal{known: map[[2]int]journalEntry{}}
	if j.File, err = journal.Read(path, journalKind, j.readResult); err != nil {
		return nil, err
	}
	return j, nil
}

// readResult takes in line n.
func (j *Journal) readResult(n int, raw []byte) error {
	var l journalLine
	if err := json.Unmarshal(raw, &l); err != nil {
		return fmt.Errorf("line %d: want a result, got %.60q: %s", n, raw, journal.BeginAgain)
	}
	at := [2]int{l.Attack, l.Image}
	if _, known := j.known[at]; known && l.Forgotten {
		delete(j.known, at)
		return nil
	} else if l.Forgotten {
		return fmt.Errorf("line %d: no result of attack %d on image %d to forget: the file is damaged: %s", n, l.Attack, l.Image, journal.BeginAgain)
	}
	if before, twice := j.known[at]; twice {
		return fmt.Errorf("line %d: a second result of attack %d on image %d, after line %d: the file is damaged: %s", n, l.Attack, l.Image, before.line, journal.BeginAgain)
	}
	l.Result.Image = l.Pixels
	j.known[at] = journalEntry{n, l.Result}
	return nil
}

// Len is the number of results that the journal holds.
func (j *Journal) Len() int {
	if j == nil {
		return 0
	}
	return len(j.known)
}

// Dropped is the number of bytes of a last line that was cut off, and dropped.
func (j *Journal) Dropped() int {
	if j == nil || j.File == nil {
		return 0
	}
	return j.File.Dropped()
}

func (j *Journal) find(attack, image int) (attacks.ImageResult, bool) {
	if j == nil {
		return attacks.ImageResult{}, false
	}
	e, ok := j.known[[2]int{attack, image}]
	return e.result, ok
}

func (j *Journal) add(attack, image int, r attacks.ImageResult) error {
	if j == nil || j.File == nil {
		return nil
	}
	return j.Append(journalLine{Attack: attack, Image: image, Result: r, Pixels: r.Image})
}

// forget takes back a result, which is then looked for anew.
func (j *Journal) forget(at [2]int) error {
	delete(j.known, at)
	if j.File == nil {
		return nil
	}
	return j.Append(journalLine{Attack: at[0], Image: at[1], Forgotten: true})
}

// Close closes the file.
func (j *Journal) Close() error {
	if j == nil || j.File == nil {
		return nil
	}
	return j.File.Close()
}
