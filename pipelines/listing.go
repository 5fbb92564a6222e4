package pipelines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
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
	hash        fileHash
}

// isMissing tells that a file that no list names is not there; a link that leads
// nowhere is there.
func (f imageFile) isMissing() bool {
	_, err := os.Lstat(f.path)
	return f.list == "" && errors.Is(err, fs.ErrNotExist)
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
	// remarks say what else its owner should know of the files.
	remarks []string
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

// interleaveClasses orders files so that the classes take turns: the first n of a part are of all classes.
// Within a class the order stays.
func interleaveClasses(files []imageFile, classes []string) []imageFile {
	by := groupByClass(files)
	groups := make([][]imageFile, len(classes))
	for i, c := range classes {
		groups[i] = by[c]
	}
	return takeTurns(groups)
}

// decode decodes all files into images of so many channels, 0 for 3.
func (l listing) decode(ctx context.Context, d Data, channels int) (parts, error) {
	sh, err := d.imageShape(channels)
	if err != nil {
		return parts{}, err
	}
	if err := l.checkDuplicates(); err != nil {
		return parts{}, err
	}
	if err := l.hashContents(ctx); err != nil {
		return parts{}, err
	}
	var untested []string
	whole := d.Holdout == 1 && len(l.parts["test"]) == 0
	if !whole {
		if untested, err = l.holdOutTest(Seed(d.Seed), d.Holdout); err != nil {
			return parts{}, err
		}
	}
	names, err := l.checkClasses(d, untested)
	if err != nil {
		return parts{}, err
	}
	sets, remarked, err := l.decodeParts(ctx, d, sh, names)
	if err != nil {
		return parts{}, err
	}
	p := parts{skippedFiles: l.skippedFiles, leftOut: len(remarked.bad), remarks: append(l.remarks, remarkCopies(l.copies())...)}
	if p.test = sets[0]; !whole {
		p.train, p.test, p.contents = sets[0], sets[2], sets[0].hashes
	}
	if len(untested) > 0 {
		p.remarks = append(p.remarks, remarkUntested(untested))
	}
	p.remarks = append(append(p.remarks, remarked.remarks()...), remarkEqualPixels(sets)...)
	if sets[1] != nil {
		p.validation = sets[1]
	}
	return p, nil
}

// imageShape is the shape of the images of so many channels, 0 for 3.
func (d Data) imageShape(channels int) (Shape, error) {
	size := cmp.Or(d.Size, defaultSide)
	if size < 4 || size > 1024 {
		return Shape{}, newRequestError("data.size: want 4 to 1024 pixels, or 0 (%d), for a %s set, got %d", defaultSide, d.Set, size)
	}
	return Shape{size, size, cmp.Or(channels, defaultChannels)}, nil
}

// decodeParts decodes the files of each part, in the order of partOrder. all holds the files that remarks are made of.
func (l listing) decodeParts(ctx context.Context, d Data, sh Shape, names []string) (sets [3]*memorySource, all remarkedFiles, err error) {
	label := map[string]int{}
	for i, n := range names {
		label[n] = i
	}
	room := newMemoryBudget(d)
	total := 0
	for i, part := range partOrder { // before anything is decoded: too many images are refused at once
		if n := len(l.parts[part]); n > 0 {
			if sets[i], err = room.allocate(part, n, sh, names); err != nil {
				return sets, all, err
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
		sets[i].files, sets[i].hashes = make([]string, len(files)), make([]fileHash, len(files))
		for k, f := range files {
			sets[i].labels[k], sets[i].files[k], sets[i].hashes[k] = int32(label[f.class]), f.path, f.hash
		}
		done, err := decodeAll(ctx, files, sets[i], func(done, _ int) { report(before+done, total) })
		if err != nil {
			return sets, all, err
		}
		all.add(files, done)
		if d.SkipBad && sets[i].leaveOut(done.bad) {
			sets[i].dealClasses() // as if those files were not there
		}
		before += len(files)
	}
	if len(all.bad) > 0 && !d.SkipBad {
		return sets, all, unreadableImages(l.where, all.bad)
	}
	return sets, all, l.checkLeft(sets)
}

// checkLeft refuses a part of which no image could be read, and a class that cannot be trained on.
func (l listing) checkLeft(sets [3]*memorySource) error {
	for i, s := range sets {
		if s == nil {
			continue
		}
		if s.Len() == 0 {
			return fmt.Errorf("pipelines: %s: want images that can be read, got none in the %s part: mend some", displayPath(l.where), partOrder[i])
		}
	}
	if sets[0] == nil {
		return nil
	}
	trained := make([]bool, sets[0].classes)
	for _, label := range sets[0].labels {
		trained[label] = true
	}
	files := groupByClass(l.parts["train"])
	for label, class := range sets[0].names {
		if n := len(files[class]); n > 0 && !trained[label] {
			return fmt.Errorf("pipelines: %s: want an image to train on that can be read of each class, got none of class %d (%q) among %d: mend or replace some, or remove the class", displayPath(l.where), label, class, n)
		}
	}
	return nil
}
