package pipelines

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// What zero fields of Data mean for image files.
const (
	defaultHoldout  = .2 // share of each class that is tested on where a set has no test part
	defaultChannels = 3
)

// imageFile is an image file of a set.
type imageFile struct {
	path, class string
	list        string // the CSV file that names it; "" in folders
	line        int    // there
}

// display is the path for a message, with the line of the CSV file that has it.
func (f imageFile) display() string {
	if f.list == "" {
		return displayPath(f.path)
	}
	return fmt.Sprintf("%s: line %d: %s", displayPath(f.list), f.line, displayPath(f.path))
}

// advise says what to do about a file: remove it, or do otherwise.
func (f imageFile) advise(otherwise string) string {
	if f.list == "" {
		return "remove it or " + otherwise
	}
	return "mend or remove the line, or " + otherwise
}

// listing is the files of a set, from folders or from a CSV file: the files of each part, by the part's name,
// "train", "validation" or "test".
type listing struct {
	where string // the folder or list, for messages
	parts map[string][]imageFile
	// skippedFiles counts files that are no images, by their names.
	skippedFiles int
}

// partOrder is the order in which the parts of a listing are read.
var partOrder = []string{"train", "validation", "test"}

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

// holdOutTest makes a test part of share of each class of the training part if there is none. Which files it
// gets depends on the seed, and on the class and its number of files, and on nothing else. Each side
// gets at least one.
func (l listing) holdOutTest(seed Seed, share float64) error {
	if len(l.parts["test"]) > 0 {
		if share != 0 && share != defaultHoldout {
			return newRequestError("pipelines: %s: want data.holdout for a set without a test part alone, got holdout %v beside one of %d images: leave data.holdout out, or the test part", displayPath(l.where), share, len(l.parts["test"]))
		}
		return nil
	}
	if share == 0 {
		share = defaultHoldout
	}
	by := groupByClass(l.parts["train"])
	var train, test []imageFile
	for _, class := range l.classes("train") {
		files := by[class]
		n := len(files)
		if n < 2 {
			return fmt.Errorf("pipelines: %s: want at least 2 images of class %q, one to train on and one to test on, got 1: add images or leave the class out", displayPath(l.where), class)
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

// groupByClass sorts files into their classes.
func groupByClass(files []imageFile) map[string][]imageFile {
	by := map[string][]imageFile{}
	for _, f := range files {
		by[f.class] = append(by[f.class], f)
	}
	return by
}

// interleaveClasses orders files so that the classes take turns: the first n of a part are of all classes.
// Within a class the order stays.
func interleaveClasses(files []imageFile, classes []string) []imageFile {
	by := groupByClass(files)
	dealt := make([]imageFile, 0, len(files))
	for turn := 0; len(dealt) < len(files); turn++ {
		for _, c := range classes {
			if turn < len(by[c]) {
				dealt = append(dealt, by[c][turn])
			}
		}
	}
	return dealt
}

// decode decodes all files into images of so many channels, 0 for 3.
func (l listing) decode(ctx context.Context, d Data, channels int) (parts, error) {
	if channels == 0 {
		channels = defaultChannels
	}
	size := d.Size
	if size == 0 {
		size = defaultSide
	}
	if size < 4 || size > 1024 {
		return parts{}, newRequestError("data.size: want 4 to 1024 pixels, or 0 (%d), for a %s set, got %d", defaultSide, d.Set, size)
	}
	if err := l.checkDuplicates(); err != nil {
		return parts{}, err
	}
	if err := l.holdOutTest(Seed(d.Seed), d.Holdout); err != nil {
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
	room := newMemoryBudget(d)
	var sets [3]*memorySource
	total := 0
	for i, part := range partOrder { // before anything is decoded: too many images are refused at once
		if n := len(l.parts[part]); n > 0 {
			if sets[i], err = room.allocate(part, n, Shape{size, size, channels}, names); err != nil {
				return parts{}, err
			}
			total += n
		}
	}
	report, before := progressFrom(ctx), 0
	defer report(total, total)
	for i, part := range partOrder {
		if sets[i] == nil {
			continue
		}
		files := interleaveClasses(l.parts[part], names)
		for k, f := range files {
			sets[i].labels[k] = int32(label[f.class])
		}
		if err := decodeAll(ctx, files, sets[i], func(done int) { report(before+done, total) }); err != nil {
			return parts{}, err
		}
		before += len(files)
	}
	p := parts{train: sets[0], test: sets[2], skippedFiles: l.skippedFiles}
	if sets[1] != nil {
		p.validation = sets[1]
	}
	return p, nil
}
