package savedmodel

import (
	"fmt"
	"strings"
)

// Unsupported says why a network cannot be read: all reasons, the first of each
// kind by name.
type Unsupported struct {
	// Reasons are phrases such as "a loop (StatelessWhile at while)".
	Reasons []string
	more    map[string]int
}

// Error lists the reasons, shortened where they are many, and says what can be read.
func (u *Unsupported) Error() string {
	const most = 200
	var b strings.Builder
	for i, r := range u.Reasons {
		if n := u.more[r]; n > 0 {
			r = fmt.Sprintf("%s and %d more", r, n)
		}
		if b.Len() > 0 && b.Len()+len(r) > most {
			fmt.Fprintf(&b, "; %d more reasons", len(u.Reasons)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(r)
	}
	return "cannot be read: " + b.String() + ": export it from one input of images to scores"
}

// problems collects what cannot be read, by kind.
type problems struct {
	first map[string]string // by kind and op
	order []string
	more  map[string]int
}

// add notes a problem of a kind at a node.
func (p *problems) add(kind, opType, node string) {
	if p.first == nil {
		p.first, p.more = map[string]string{}, map[string]int{}
	}
	key := kind + " " + opType
	if _, known := p.first[key]; known {
		p.more[key]++
		return
	}
	text := kind
	switch {
	case opType != "":
		text = fmt.Sprintf("%s (%.40s at %.60s)", kind, opType, node)
	case node != "":
		text = fmt.Sprintf("%s (%.60s)", kind, node)
	}
	p.first[key], p.order = text, append(p.order, key)
}

// err is nil where there are none.
func (p *problems) err() error {
	if len(p.order) == 0 {
		return nil
	}
	u := &Unsupported{more: map[string]int{}}
	for _, key := range p.order {
		u.Reasons = append(u.Reasons, p.first[key])
		u.more[p.first[key]] = p.more[key]
	}
	return u
}
