package embedding

import (
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/study"
	"unwarp/trainer"
)

// TestTableNames: the table has the names of the classes, where the set has them.
func TestTableNames(t *testing.T) {
	m := &measured{test: &study.Sample{Images: attacks.Images{Labels: []int32{1}, Index: []int{9}}, Codes: trainer.Codes{N: 1}}}
	for want, names := range map[string][]string{
		"index,class,code,method,when,x,y\n9,1,code,pca,before,0.5,2\n":                         nil,
		"index,class,code,method,when,x,y,class_name\n9,1,code,pca,before,0.5,2,\"oak, red\"\n": {"ash", "oak, red"},
	} {
		var all table
		m.names = names
		m.addMap("code", PCA, [][2]float64{{.5, 2}}, &all)
		if got, err := all.csv(); err != nil || string(got) != want {
			t.Errorf("want %q, got %q, %v", want, strings.TrimSpace(string(got)), err)
		}
	}
}
