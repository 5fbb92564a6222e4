package experiment

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Of trainings that ask for one folder at the same moment one gets it; those
// without a name get one each. What the winner wrote is whole.
func TestNewFolderAtOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	const each = 4
	for try := range 50 {
		c := small()
		for _, name := range []string{"", fmt.Sprint("named", try)} {
			c.Run = name
			var dirs [each]string
			var start, all sync.WaitGroup
			start.Add(1)
			for i := range each {
				all.Go(func() {
					start.Wait()
					dirs[i], _ = NewFolder(c)
				})
			}
			start.Done()
			all.Wait()
			got := map[string]int{}
			for _, dir := range dirs {
				if dir == "" {
					continue
				}
				got[dir]++
				if back, err := ReadFolder(dir); err != nil || back.Model.Appearance != c.Model.Appearance {
					t.Errorf("%s: %v", dir, err)
				}
			}
			if want := map[bool]int{true: each, false: 1}[name == ""]; len(got) != want {
				t.Errorf("try %d, name %q: want %d folders, got %v", try, name, want, got)
			}
			for dir, n := range got {
				if left, _ := filepath.Glob(filepath.Join(dir, ".unwarp*")); n != 1 || len(left) > 0 {
					t.Errorf("try %d: %s was given to %d, left %v", try, dir, n, left)
				}
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
