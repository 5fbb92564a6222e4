package checks

import (
	"regexp"
	"testing"
)

// The ids are in order, each once, and each check says what it wants and where it
// comes from.
func TestIDs(t *testing.T) {
	before := ""
	for _, k := range All() {
		if !regexp.MustCompile(`^C\d\d$`).MatchString(k.ID) || k.ID <= before {
			t.Errorf("the id %s follows %s", k.ID, before)
		}
		if before = k.ID; k.Title == "" || k.Threshold == "" || k.Source == "" || k.judge == nil {
			t.Errorf("%s: want title, threshold, source and judge", k.ID)
		}
	}
}
