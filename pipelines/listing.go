package pipelines

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What zero fields of Data mean for image files.
const (
	defaultHoldout  = .2 // share of each class that is tested on where a set has no test part
	defaultChannels = 3
)

// listed is an image file of a set.
type listed struct {
	path, class string
	list        string // the CSV file that names it; "" in folders
	line        int    // there
}

// shown is the file as a message may name it, with the line that does.
func (f listed) shown() string {
	if f.list == "" {
		return shown(f.path)
	}
	return fmt.Sprintf("%s: line %d: %s", shown(f.list), f.line, shown(f.path))
}

// mend is what to do about a file that is to be left out, or put right otherwise.
func (f listed) mend(otherwise string) string {
	if f.list == "" {
		return "remove it or " + otherwise
	}
	return "mend or remove the line, or " + otherwise
}

// listing is a set as its folders or its list have it: the files of each part, by the part's name,
// "train", "validation" or "test".
type listing struct {
	where string // the folder or list, for messages
	parts map[string][]listed
	// passedOver counts files that are no images, by their names.
	passedOver int
}

// partOrder is the order in which the parts of a listing are looked at.
var partOrder = []string{"train", "validation", "test"}

// checkClassName refuses names that cannot be shown in a line of their own.
// do says how to mend it; where is as a message may have it.
func checkClassName(where, name, do string) error {
	switch {
	case name == "":
		return fmt.Errorf("pipelines: %s: want a name for each class, got an empty one: %s", where, do)
	case !utf8.ValidString(name):
		return fmt.Errorf("pipelines: %s: want class names in UTF-8, got %q: %s", where, name, do)
	case strings.TrimSpace(name) != name: // unseen, it would make a class of its own
		return fmt.Errorf("pipelines: %s: want class names without blanks at their ends, got %q: %s", where, name, do)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("pipelines: %s: want class names without control characters, got %q: %s", where, name, do)
		}
	}
	return nil
}

// shown is a path as a message may have it: names that are not UTF-8, or hold line breaks, are quoted.
func shown(path string) string {
	if !utf8.ValidString(path) {
		return strconv.Quote(path)
	}
	for _, r := range path {
		if !unicode.IsPrint(r) {
			return strconv.Quote(path)
		}
	}
	return path
}

// classes are the names of the classes of a part, sorted: by number if all of them are numbers, else
// byte by byte.
func (l listing) classes(part string) []string {
	set := map[string]bool{}
	for _, f := range l.parts[part] {
		set[f.class] = true
	}
	numbers := map[string]int{}
	for name := range set {
		if n, err := strconv.Atoi(name); err == nil {
			numbers[name] = n
		}
	}
	names := slices.Sorted(maps.Keys(set))
	if len(numbers) == len(names) {
		slices.SortStableFunc(names, func(a, b string) int { return numbers[a] - numbers[b] })
	}
	return names
}

// hold makes a test part of share of each class of the training part if there is none. Which files it
// gets depends on the seed, and on the class and its number of files, and on nothing else. Each side
// gets at least one.
func (l listing) hold(seed Seed, share float64) error {
	if len(l.parts["test"]) > 0 {
		if share != 0 && share != defaultHoldout {
			return asked("pipelines: %s: want holdout for a set without a test part alone, got holdout %v beside one of %d images: leave holdout out, or the test part", shown(l.where), share, len(l.parts["test"]))
		}
		return nil
	}
	if share == 0 {
		share = defaultHoldout
	}
	by := byClass(l.parts["train"])
	var train, test []listed
	for _, class := range l.classes("train") {
		files := by[class]
		n := len(files)
		if n < 2 {
			return fmt.Errorf("pipelines: %s: want at least 2 images of class %q, one to train on and one to test on, got 1: add images or leave the class out", shown(l.where), class)
		}
		k := min(max(int(share*float64(n)+.5), 1), n-1)
		held := make([]bool, n)
		for _, i := range seed.Split("holdout/" + class).Rand().Perm(n)[:k] {
			held[i] = true
		}
		for i, f := range files {
			if held[i] {
				test = append(test, f)
			} else {
				train = append(train, f)
			}
		}
	}
	l.parts["train"], l.parts["test"] = train, test
	return nil
}

// checkTwice refuses a file that is there twice, whatever names and links lead to it: it could be
// trained on and tested on. What cannot be found is left to reading, which says so.
func (l listing) checkTwice() error {
	type look struct{ size, modified int64 } // alike for one file, so that few need be compared
	type found struct {
		os.FileInfo
		listed
	}
	seen := map[look][]found{}
	for _, part := range partOrder {
		for _, f := range l.parts[part] {
			info, err := os.Stat(f.path)
			if err != nil {
				continue
			}
			at := look{info.Size(), info.ModTime().UnixNano()}
			for _, first := range seen[at] {
				switch {
				case !os.SameFile(first.FileInfo, info):
				case f.list != "":
					return fmt.Errorf("pipelines: %s: want each image once, got the file of line %d again: remove one of the lines", f.shown(), first.line)
				default:
					return fmt.Errorf("pipelines: %s: want each image once, got the same file as %s: remove one of the links to it", f.shown(), first.shown())
				}
			}
			seen[at] = append(seen[at], found{info, f})
		}
	}
	return nil
}

// byClass sorts files into their classes.
func byClass(files []listed) map[string][]listed {
	by := map[string][]listed{}
	for _, f := range files {
		by[f.class] = append(by[f.class], f)
	}
	return by
}

// checkClasses refuses parts that differ in their classes, and returns the names of these.
func (l listing) checkClasses(want int) ([]string, error) {
	names := l.classes("train")
	for _, part := range partOrder[1:] {
		if len(l.parts[part]) == 0 {
			continue
		}
		there := l.classes(part)
		for _, n := range there {
			if !slices.Contains(names, n) {
				return nil, fmt.Errorf("pipelines: %s: want the same classes in all parts, got %q in the %s part but not in the training part: add images of it to that, or leave it out", shown(l.where), n, part)
			}
		}
		for _, n := range names {
			if !slices.Contains(there, n) {
				return nil, fmt.Errorf("pipelines: %s: want the same classes in all parts, got %q in the training part but not in the %s part: add an image of it to that, or leave it out", shown(l.where), n, part)
			}
		}
	}
	if len(names) < 2 {
		return nil, fmt.Errorf("pipelines: %s: want at least 2 classes, got %d %q: add another", shown(l.where), len(names), names)
	}
	if want > 0 && len(names) != want {
		return nil, asked("pipelines: %s: want %d classes, as data.classes says, got %d: change the set or data.classes", shown(l.where), want, len(names))
	}
	return names, nil
}

// deal puts files in an order in which the classes take turns, so that the first n of a part are of
// all classes; within a class they keep theirs.
func deal(files []listed, classes []string) []listed {
	by := byClass(files)
	dealt := make([]listed, 0, len(files))
	for turn := 0; len(dealt) < len(files); turn++ {
		for _, c := range classes {
			if turn < len(by[c]) {
				dealt = append(dealt, by[c][turn])
			}
		}
	}
	return dealt
}

// open decodes all files into so many channels, 0 for 3.
func (l listing) open(ctx context.Context, d Data, channels int) (parts, error) {
	if channels == 0 {
		channels = defaultChannels
	}
	size := d.Size
	if size == 0 {
		size = defaultSide
	}
	if size < 4 || size > 1024 {
		return parts{}, asked("pipelines: data: want size of 4..1024 pixels (0: %d) for a %s set, got %d: change size", defaultSide, d.Set, size)
	}
	if err := l.checkTwice(); err != nil {
		return parts{}, err
	}
	if err := l.hold(Seed(d.Seed), d.Holdout); err != nil {
		return parts{}, err
	}
	names, err := l.checkClasses(d.Classes)
	if err != nil {
		return parts{}, err
	}
	label := map[string]int{}
	for i, n := range names {
		label[n] = i
	}
	room := newBudget(d)
	var sets [3]*memory
	total := 0
	for i, part := range partOrder { // memory first: too many images are refused at once
		if n := len(l.parts[part]); n > 0 {
			if sets[i], err = room.newMemory(part, n, Shape{size, size, channels}, names); err != nil {
				return parts{}, err
			}
			total += n
		}
	}
	report, before := progressOf(ctx), 0
	defer report(total, total)
	for i, part := range partOrder {
		if sets[i] == nil {
			continue
		}
		files := deal(l.parts[part], names)
		for k, f := range files {
			sets[i].labels[k] = int32(label[f.class])
		}
		if err := decodeAll(ctx, files, sets[i], func(done int) { report(before+done, total) }); err != nil {
			return parts{}, err
		}
		before += len(files)
	}
	p := parts{train: sets[0], test: sets[2], passedOver: l.passedOver}
	if sets[1] != nil {
		p.validation = sets[1]
	}
	return p, nil
}
