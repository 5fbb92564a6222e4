package journal

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The first line holds the version, under the key of the kind, and the identity.

func (j *File) begin(identity json.RawMessage) error {
	line := closeLine(0, fmt.Appendf(nil, `{"%s":%d,"identity":%s}`, j.kind.Key, j.kind.Version, identity))
	j.head, _, _ = openLine(line)
	j.identity = identity
	return j.write(line)
}

// readHead is the version that a first line names, 0 for none, and its identity.
func (k Kind) readHead(raw []byte) (version int, identity json.RawMessage) {
	var head map[string]json.RawMessage
	if json.Unmarshal(raw, &head) != nil || json.Unmarshal(head[k.Key], &version) != nil {
		return 0, nil
	}
	return version, head["identity"]
}

// refuseOther refuses a first line that was never one of this format: it is not
// to be overwritten as a line that was cut off.
func (k Kind) refuseOther(line []byte) error {
	if v, _ := k.readHead(line); v > 0 && v != k.Version {
		return fmt.Errorf("%w: want version %d, got %d: %s", ErrOld, k.Version, v, BeginAgain)
	}
	if n := min(len(line), len(sumBefore)); !strings.HasPrefix(sumBefore, string(line[:n])) {
		return fmt.Errorf("line 1: want the head of a journal of version %d, got %.60q: %s", k.Version, line, BeginAgain)
	}
	return nil
}

// check takes in the body of the first line; identity is what it must hold, nil for
// anything.
func (j *File) check(body []byte, identity json.RawMessage) error {
	version, had := j.kind.readHead(object(body))
	if version != j.kind.Version {
		return fmt.Errorf("line 1: want the head of a journal of version %d, got %.60q: %s", j.kind.Version, body, BeginAgain)
	}
	if j.identity = had; identity == nil {
		return nil
	}
	differs, err := differences(had, identity)
	if err != nil {
		return fmt.Errorf("line 1: %w: %s", err, BeginAgain)
	}
	if len(differs) > 0 {
		return fmt.Errorf("%w: %s: continue as it was begun, or begin again (--restart)", ErrOther, listFew(differs))
	}
	return nil
}
