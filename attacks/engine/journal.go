package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines/files"
)

// Journal is the state of an evaluation on disk: a line for each
// result of an attack on an image. A nil Journal remembers nothing.
//
// Each line is a JSON object that begins with the checksum of the rest of the
// line. The first line holds the identity of the evaluation, and the checksums
// of the others count on from it: a line of another journal does not pass.
type Journal struct {
	file    *os.File
	known   map[[2]int]journalEntry
	head    uint32 // checksum of the first line
	dropped int    // bytes of a last line that was cut off
}

// journalEntry is a result with the number of its line.
type journalEntry struct {
	line   int
	result attacks.ImageResult
}

// journalHead is the first line.
type journalHead struct {
	Journal  int             `json:"unwarp_attack_journal"` // version of the format
	Identity json.RawMessage `json:"identity"`
}

const journalVersion = 3

type journalLine struct {
	Attack int                 `json:"a"`
	Image  int                 `json:"i"`
	Result attacks.ImageResult `json:"result"`
	Pixels []float32           `json:"pixels,omitempty"`
}

var (
	// ErrOtherEvaluation says that a journal belongs to another model, data set or
	// list of attacks.
	ErrOtherEvaluation = errors.New("the journal belongs to another evaluation")
	// ErrOldJournal says that an earlier version of unwarp wrote a journal.
	ErrOldJournal = errors.New("the journal is of an earlier version of unwarp")
)

// beginAgain is what to do with a journal that is of no use.
const beginAgain = "begin the evaluation again (--restart)"

// OpenJournal opens the journal at path or begins it. identity is everything that
// decides the figures of the evaluation, to be written as JSON: with another one,
// [ErrOtherEvaluation] says which of its keys differ. A last line that was cut
// off by a crash is dropped, see [Journal.Dropped]; damage elsewhere is an error.
func OpenJournal(path string, identity any) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("attacks: journal %w", files.NotWritten(path, err))
	}
	j := &Journal{file: f, known: map[[2]int]journalEntry{}}
	raw, err := json.Marshal(identity)
	if err == nil {
		err = j.read(raw)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("attacks: journal %s: %w", files.ShortPath(path), err)
	}
	return j, nil
}

// read takes in what the file holds, and begins it where it has no complete
// line. It changes the file only if all of it could be read.
func (j *Journal) read(identity json.RawMessage) error {
	in := bufio.NewReaderSize(j.file, 1<<20)
	var complete int64 // bytes of complete lines
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(line) == 0 {
			break
		}
		body, whole := bytes.CutSuffix(line, []byte("\n"))
		_, end := in.Peek(1)
		err = j.readLine(n, body, whole, identity)
		if errors.Is(err, errChecksum) && end != nil && (n > 1 || !whole) {
			j.dropped = len(line) // the end of a write that was cut off
			break
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

// errChecksum says that a line is not as it was written.
var errChecksum = errors.New("its checksum is wrong")

// readLine takes in line n, which is whole if it had an end.
func (j *Journal) readLine(n int, line []byte, whole bool, identity json.RawMessage) error {
	if n == 1 {
		if err := refuseOther(line); err != nil {
			return err
		}
	}
	sum, body, ok := openLine(line)
	if !ok || !whole || sum != checksum(j.head, body) {
		return fmt.Errorf("line %d: %w: the file is damaged: %s", n, errChecksum, beginAgain)
	}
	if n == 1 {
		j.head = sum
		return checkHead(body, identity)
	}
	return j.readResult(n, body)
}

// refuseOther refuses a first line that was never one of this format: it is not
// to be overwritten as a line that was cut off.
func refuseOther(line []byte) error {
	var head journalHead
	if json.Unmarshal(line, &head) == nil && head.Journal > 0 && head.Journal != journalVersion {
		return fmt.Errorf("%w: want version %d, got %d: %s", ErrOldJournal, journalVersion, head.Journal, beginAgain)
	}
	if n := min(len(line), len(sumBefore)); !strings.HasPrefix(sumBefore, string(line[:n])) {
		return fmt.Errorf("line 1: want the head of a journal of version %d, got %.60q: %s", journalVersion, line, beginAgain)
	}
	return nil
}

// A line is sumBefore, 8 hexadecimal digits, sumAfter and the rest of an object.
const (
	sumBefore = `{"crc":"`
	sumAfter  = `",`
	sumDigits = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is that of a line's body, counted on from the first line's.
func checksum(head uint32, body []byte) uint32 { return crc32.Update(head, castagnoli, body) }

// closeLine is the line with a body, an object in JSON.
func closeLine(head uint32, object []byte) []byte {
	body := object[1:]
	return append(fmt.Appendf(nil, "%s%08x%s", sumBefore, checksum(head, body), sumAfter), append(body, '\n')...)
}

// openLine splits a line into checksum and body.
func openLine(line []byte) (sum uint32, body []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(sumBefore))
	if !ok || len(rest) < sumDigits {
		return 0, nil, false
	}
	if _, err := fmt.Sscanf(string(rest[:sumDigits]), "%08x", &sum); err != nil {
		return 0, nil, false
	}
	body, ok = bytes.CutPrefix(rest[sumDigits:], []byte(sumAfter))
	return sum, body, ok
}

// object is what a line's body was taken from.
func object(body []byte) []byte { return append([]byte("{"), body...) }

func checkHead(body []byte, identity json.RawMessage) error {
	var head journalHead
	if err := json.Unmarshal(object(body), &head); err != nil || head.Journal != journalVersion {
		return fmt.Errorf("line 1: want the head of a journal of version %d, got %.60q: %s", journalVersion, body, beginAgain)
	}
	differs, err := differences(head.Identity, identity)
	if err != nil {
		return fmt.Errorf("line 1: %w: %s", err, beginAgain)
	}
	if len(differs) > 0 {
		return fmt.Errorf("%w: %s: continue as it was begun, or begin again (--restart)", ErrOtherEvaluation, listFew(differs))
	}
	return nil
}

// readResult takes in line n.
func (j *Journal) readResult(n int, body []byte) error {
	var l journalLine
	if err := json.Unmarshal(object(body), &l); err != nil {
		return fmt.Errorf("line %d: want a result, got %.60q: %s", n, body, beginAgain)
	}
	at := [2]int{l.Attack, l.Image}
	if before, twice := j.known[at]; twice {
		return fmt.Errorf("line %d: a second result of attack %d on image %d, after line %d: the file is damaged: %s", n, l.Attack, l.Image, before.line, beginAgain)
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
	if j == nil {
		return 0
	}
	return j.dropped
}

func (j *Journal) find(attack, image int) (attacks.ImageResult, bool) {
	if j == nil {
		return attacks.ImageResult{}, false
	}
	e, ok := j.known[[2]int{attack, image}]
	return e.result, ok
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
		line := closeLine(j.head, raw)
		if _, first := v.(journalHead); first {
			j.head, _, _ = openLine(line)
		}
		err = files.Append(j.file, line)
	}
	if err != nil {
		return fmt.Errorf("attacks: journal %w; what was written before is kept: resume then", err)
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
