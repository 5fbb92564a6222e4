package smoothing_test

import (
	"strings"
	"testing"
)

// What is read is written in a form that is read as the same, and proves something.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"smooth(sigma=.25)", "smooth(sigma=1/4,n0=100,n=100000,alpha=1e-3,seed=7,batch=64)", "smooth(sigma=100,n=10)", "smooth(sigma=1e-30,alpha=.4999999)", "smooth(", "smooth(sigma=.25,alpha=1e-300,n=1e8)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if name, _, _ := strings.Cut(text, "("); strings.TrimSpace(name) != "smooth" {
			return // another method
		}
		s, err := parse(text)
		if err != nil {
			return
		}
		again, err := parse(s.String())
		if again.Copies = s.Copies; err != nil || again != s {
			t.Errorf("%q is written as %q, and read as %+v, %v", text, s, again, err)
		}
		if !(s.LargestRadius() > 0) {
			t.Errorf("%q proves nothing", text)
		}
	})
}
