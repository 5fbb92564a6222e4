package checks

import (
	"strings"

	"unwarp/attacks"
)

// possibleRemedies are those of the attacks in text, which "or" separates, that v can be
// attacked with: as they stand, or with the straight-through gradient where that is
// another one. "" where there is none.
func possibleRemedies(v attacks.Victim, text string) string {
	var out []string
	for _, attack := range strings.Split(text, " or ") {
		for _, variant := range []string{attack, withStraightThrough(attack)} {
			if a, err := attacks.Parse(variant); err == nil && v.OffersAll(a) {
				out = append(out, variant)
				break
			}
		}
	}
	return strings.Join(out, " or ")
}

// withStraightThrough is the text of an attack with that gradient.
func withStraightThrough(attack string) string {
	name, keys, ok := strings.Cut(attack, "(")
	if !ok {
		return name + "(gradient=straight-through)"
	}
	return name + "(gradient=straight-through," + keys
}

// adding is the advice to add a remedy, "" for none.
func adding(remedy string) string {
	if remedy == "" {
		return ""
	}
	return "add " + remedy
}
