package checks

import (
	"fmt"
	"testing"
)

// The ids are C01 to C35 in order, without gaps, and each check says what it
// wants and where it comes from.
func TestIDs(t *testing.T) {
	all := All()
	if len(all) != 35 {
		t.Errorf("%d checks, want 35", len(all))
	}
	for i, k := range all {
		if want := fmt.Sprintf("C%02d", i+1); k.ID != want {
			t.Errorf("check %d has the id %s, want %s", i+1, k.ID, want)
		}
		if k.Title == "" || k.Threshold == "" || k.Source == "" || k.judge == nil {
			t.Errorf("%s: want title, threshold, source and judge", k.ID)
		}
	}
}
