package pipelines

import (
	"os"
	"slices"
	"strings"
)

// maxOrder bounds a file of class names.
const maxOrder = 4 << 20

// ReadOrder reads names of classes: a file with one a line, or the names themselves
// separated by commas.
func ReadOrder(text string) ([]string, error) {
	var names []string
	if info, err := os.Stat(text); err == nil && !info.IsDir() {
		if info.Size() > maxOrder {
			return nil, newRequestError("data.order: want a file of class names, one a line, got %s of %d bytes", displayPath(text), info.Size())
		}
		raw, err := os.ReadFile(text)
		if err != nil {
			return nil, newRequestError("data.order: %v", err)
		}
		names = strings.Split(strings.TrimRight(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n"), "\n")
	} else if !strings.Contains(text, ",") {
		return nil, newRequestError("data.order: want a file with a class name a line, or names separated by commas, got %.60q, which is neither", text)
	} else {
		names = strings.Split(text, ",")
	}
	seen := map[string]bool{}
	for i, n := range names {
		names[i] = ComposeName(strings.TrimSpace(n))
		if err := checkClassName("data.order", names[i], "name each class once"); err != nil {
			return nil, err
		}
		if seen[names[i]] {
			return nil, newRequestError("data.order: want each name once, got %.60q twice", names[i])
		}
		seen[names[i]] = true
	}
	return names, nil
}

// ordered is a source whose classes are numbered as a list of names says.
type ordered struct {
	Source
	names  []string
	labels []int // by the source's own label
}

func (o *ordered) Classes() int          { return len(o.names) }
func (o *ordered) ClassNames() []string  { return o.names }
func (o *ordered) FileName(i int) string { return FileName(o.Source, i) }
func (o *ordered) Label(i int) int       { return o.labels[o.Source.Label(i)] }

func (o *ordered) At(i int, dst []uint8) (int, error) {
	label, err := o.Source.At(i, dst)
	if err != nil {
		return 0, err
	}
	return o.labels[label], nil
}

// inOrder numbers the classes of src as names says. A set without names has the
// numbers already.
func inOrder(src Source, names []string) (Source, error) {
	if src == nil {
		return nil, nil
	}
	own := ClassNames(src)
	if own == nil {
		if src.Classes() > len(names) {
			return nil, newRequestError("data.order: want a name for each of the %d classes of %s, got %d", src.Classes(), src.Name(), len(names))
		}
		return &ordered{src, names, numbersTo(src.Classes())}, nil
	}
	o := &ordered{src, names, make([]int, len(own))}
	var missing []string
	for i, n := range own {
		if o.labels[i] = slices.Index(names, n); o.labels[i] < 0 {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		return nil, newRequestError("data.order: want each class of %s among the %d names, which begin with %.60q, got none for %s: name the classes alike", src.Name(), len(names), names[0], nameFirst(missing))
	}
	return o, nil
}

func numbersTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// inOrder numbers the classes of all parts as data.order says.
func (p parts) inOrder(text string) (parts, error) {
	if text == "" {
		return p, nil
	}
	names, err := ReadOrder(text)
	if err != nil {
		return p, err
	}
	for _, part := range []*Source{&p.train, &p.validation, &p.test, &p.familiar} {
		if *part, err = inOrder(*part, names); err != nil {
			return p, err
		}
	}
	return p, nil
}
