package certify

import (
	"encoding/json"
	"fmt"
	"slices"

	"unwarp/attacks/journal"
)

// Journal is the state of a run on disk: a line for each result of a prover on an
// image at a size (package [journal]). A nil Journal remembers nothing.
type Journal struct {
	*journal.File
	known map[attemptKey]journalEntry
}

// attemptKey names a prover's attempt on an image, by its place.
type attemptKey struct {
	image  int
	size   float32
	prover string
}

type journalEntry struct {
	line   int
	result Result
}

type journalLine struct {
	Image  int     `json:"i"`
	Size   float32 `json:"size"`
	Prover string  `json:"prover"`
	Result Result  `json:"result,omitzero"`
	// Forgotten takes back the result above: its example did not hold when it was
	// verified again.
	Forgotten bool `json:"forgotten,omitempty"`
}

var journalKind = journal.Kind{Of: "proofs", Key: "unwarp_proof_journal", Version: 1}

// OpenJournal opens the journal at path or begins it. identity is everything that
// decides the results; see [journal.Open].
func OpenJournal(path string, identity any) (j *Journal, err error) {
	j = &Journal{known: map[attemptKey]journalEntry{}}
	if j.File, err = journal.Open(path, journalKind, identity, j.take); err != nil {
		return nil, err
	}
	return j, nil
}

// take takes in line n.
func (j *Journal) take(n int, raw []byte) error {
	var l journalLine
	if err := json.Unmarshal(raw, &l); err != nil {
		return fmt.Errorf("line %d: want a result, got %.60q: %s", n, raw, journal.BeginAgain)
	}
	at := attemptKey{l.Image, l.Size, l.Prover}
	if _, known := j.known[at]; known && l.Forgotten {
		delete(j.known, at)
		return nil
	} else if l.Forgotten {
		return fmt.Errorf("line %d: no result of image %d at size %g to forget: the file is damaged: %s", n, l.Image, l.Size, journal.BeginAgain)
	}
	if before, twice := j.known[at]; twice {
		return fmt.Errorf("line %d: a second result of image %d at size %g, after line %d: the file is damaged: %s", n, l.Image, l.Size, before.line, journal.BeginAgain)
	}
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

func (j *Journal) find(at attemptKey) (Result, bool) {
	if j == nil {
		return Result{}, false
	}
	e, ok := j.known[at]
	return e.result, ok
}

func (j *Journal) add(at attemptKey, r Result) error {
	if j == nil {
		return nil
	}
	return j.Append(journalLine{Image: at.image, Size: at.size, Prover: at.prover, Result: r})
}

// forget takes back a result, which is then looked for anew.
func (j *Journal) forget(at attemptKey) error {
	delete(j.known, at)
	return j.Append(journalLine{Image: at.image, Size: at.size, Prover: at.prover, Forgotten: true})
}

// Close closes the file.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return j.File.Close()
}

// check refuses results that this run cannot have had.
func (j *Journal) check(r *run) error {
	if j == nil {
		return nil
	}
	for at, e := range j.known {
		if err := r.checkEntry(at, e.result); err != nil {
			return fmt.Errorf("proofs: journal %s: line %d: %w: %s", j.Path(), e.line, err, journal.BeginAgain)
		}
	}
	return nil
}

func (r *run) checkEntry(at attemptKey, result Result) error {
	words := []Status{Proven, Broken, Open, Abstained, Misclassified}
	switch {
	case at.image < 0 || at.image >= len(r.cert.Images):
		return fmt.Errorf("want image 0..%d, got %d", len(r.cert.Images)-1, at.image)
	case !r.cert.Images[at.image].Correct && r.cert.Proves == "":
		return fmt.Errorf("want an image that is classified correctly, got image %d", at.image)
	case !(at.size >= 0) || at.size > r.o.Largest:
		return fmt.Errorf("want a size from 0 to %g, got %g", r.o.Largest, at.size)
	case !slices.Contains(words, result.Status):
		return fmt.Errorf("want one of %v, got %.20q", words, result.Status)
	case result.Status == Proven && result.Lower != nil && !(*result.Lower > 0):
		return fmt.Errorf("want a positive margin of a proven image, got %g", *result.Lower)
	case result.Status == Broken && len(result.Example) != r.cert.Pixels:
		return fmt.Errorf("want an example of %d values, got %d", r.cert.Pixels, len(result.Example))
	case !(result.Radius >= 0) || !(result.Seconds >= 0) || result.Domains < 0:
		return fmt.Errorf("want radius, seconds and domains of 0 or more, got %g, %g and %d", result.Radius, result.Seconds, result.Domains)
	}
	return nil
}
