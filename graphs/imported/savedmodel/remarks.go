package savedmodel

import (
	"fmt"
	"strings"
)

// remarks are sentences for the user, each once, with how often they apply.
type remarks struct {
	order []string
	nodes map[string][]string
}

// add notes a remark at a node, "" for none.
func (r *remarks) add(text, node string) {
	if r.nodes == nil {
		r.nodes = map[string][]string{}
	}
	if _, known := r.nodes[text]; !known {
		r.order = append(r.order, text)
	}
	if node != "" || r.nodes[text] == nil {
		r.nodes[text] = append(r.nodes[text], node)
	}
}

// texts are the remarks as sentences.
func (r *remarks) texts() (all []string) {
	for _, text := range r.order {
		line := strings.ToUpper(text[:1]) + text[1:]
		if at := r.nodes[text]; at[0] != "" {
			line += fmt.Sprintf(" (%.60s", at[0])
			if len(at) > 1 {
				line += fmt.Sprintf(" and %d more", len(at)-1)
			}
			line += ")"
		}
		all = append(all, line+".")
	}
	return all
}
