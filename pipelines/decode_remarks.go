package pipelines

import (
	"fmt"
	"strings"
)

// remarkedFiles are files that could not be read, and those of which there is something to say.
type remarkedFiles struct {
	bad      []error
	badNames []string
	noted    map[decodeNote][]string
}

func (r *remarkedFiles) add(files []imageFile, d decoded) {
	if r.noted == nil {
		r.noted = map[decodeNote][]string{}
	}
	for i, f := range files {
		if err := d.bad[i]; err != nil {
			r.bad, r.badNames = append(r.bad, err), append(r.badNames, f.display())
		}
		if note := d.notes[i]; note != "" {
			r.noted[note] = append(r.noted[note], f.display())
		}
	}
}

// remarks are a line for each thing that is to say.
func (r *remarkedFiles) remarks() []string {
	var all []string
	add := func(text string, names []string) {
		if len(names) > 0 {
			all = append(all, fmt.Sprintf("%s: %d: %s", text, len(names), nameFirst(names)))
		}
	}
	add("files that cannot be read and are left out", r.badNames)
	add(string(endMissing), r.noted[endMissing])
	add(string(severalFrames), r.noted[severalFrames])
	return all
}

// nameFirst are the first few of some names.
func nameFirst(names []string) string {
	const most = 5
	text := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
