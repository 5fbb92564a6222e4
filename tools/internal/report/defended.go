package report

import "strings"

// behind stands in [Record.Kind] between the kind of model and the defence around it.
const behind = " behind "

// NameDefended names a kind of model with a defence around it; "" and none are no defence.
func NameDefended(kind, defence string) string {
	if defence == "" || defence == "none" {
		return kind
	}
	return kind + behind + defence
}

// SplitDefended returns the kind of model and the defence around it, "" for none, of a
// name that [NameDefended] made.
func SplitDefended(name string) (kind, defence string) {
	kind, defence, _ = strings.Cut(name, behind)
	return kind, defence
}
