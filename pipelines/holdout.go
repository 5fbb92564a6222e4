package pipelines

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
)

// holdOutTest makes a test part of about share of the training part if there is none. Each file is chosen by
// itself, by its bytes and the seed: adding, removing or renaming a file moves no other to the other part, and
// copies of a file go where it goes. So the shares of classes are not exact; a class that got no image to test on
// is returned. Only where a class would have no image to train on, or the set none to test on, the file next to the
// limit goes to the other part.
func (l listing) holdOutTest(seed Seed, share float64) (untested []string, err error) {
	if len(l.parts["test"]) > 0 {
		if share != 0 && share != 1 && share != defaultHoldout {
			return nil, newRequestError("pipelines: %s: want data.holdout for a set without a test part alone, got holdout %v beside one of %d images: leave data.holdout out, or the test part", displayPath(l.where), share, len(l.parts["test"]))
		}
		return nil, nil
	}
	if share == 0 {
		share = defaultHoldout
	}
	all := l.parts["train"]
	place := make([]float64, len(all)) // below share: tested on
	for i, f := range all {
		place[i] = seed.place("holdout", f.hash)
	}
	kept := lastOfClasses(all, place)
	first := 1.
	for i, f := range all {
		if kept[f.hash] {
			place[i] = 1
		}
		first = min(first, place[i])
	}
	if first == 1 {
		return nil, fmt.Errorf("pipelines: %s: want at least 2 different images of a class, one to train on and one to test on, got no class with two: add images", displayPath(l.where))
	}
	limit := max(share, math.Nextafter(first, 1))
	var train, test []imageFile
	for i, f := range all {
		if place[i] < limit {
			test = append(test, f)
		} else {
			train = append(train, f)
		}
	}
	tested := groupByClass(test)
	for _, class := range l.classes("train") {
		if len(tested[class]) == 0 {
			untested = append(untested, class)
		}
	}
	l.parts["train"], l.parts["test"] = train, test
	return untested, nil
}

// lastOfClasses are the contents of the largest place in each class: one that is always trained on.
func lastOfClasses(files []imageFile, place []float64) map[fileHash]bool {
	last := map[string]int{}
	for i, f := range files {
		if k, seen := last[f.class]; !seen || place[i] > place[k] {
			last[f.class] = i
		}
	}
	kept := map[fileHash]bool{}
	for _, i := range last {
		kept[files[i].hash] = true
	}
	return kept
}

// chooseFiles orders files by numbers that the seed gives their contents, and holds n of them out, the last ones.
// Adding or removing a file of which there is no copy moves one other at most. Copies go together, so that fewer than n
// may be held out.
func (s Seed) chooseFiles(contents []fileHash, n int) (order, held []int) {
	groups := map[fileHash][]int{}
	for i, h := range contents {
		groups[h] = append(groups[h], i)
	}
	place := map[fileHash]float64{}
	for h := range groups {
		place[h] = s.place("validation", h)
	}
	for _, h := range slices.SortedFunc(maps.Keys(groups), func(a, b fileHash) int { return cmp.Compare(place[a], place[b]) }) {
		if g := groups[h]; len(g) <= n-len(held) {
			held = append(held, g...)
		} else {
			order = append(order, g...)
		}
	}
	slices.Reverse(order)
	return append(order, held...), held
}

// place is a number in [0,1) that the seed gives a file for a purpose.
func (s Seed) place(purpose string, h fileHash) float64 {
	at := make([]int, 0, len(h)/8)
	for b := h[:]; len(b) > 0; b = b[8:] {
		at = append(at, int(binary.LittleEndian.Uint64(b)))
	}
	const scale = 1 << 53
	return float64(s.Split(purpose, at...)>>11) / scale
}

// remarkUntested names the classes that no image is tested on of.
func remarkUntested(classes []string) string {
	return "classes of which no image is in the test part, for want of images or by chance: " + nameFirst(classes)
}

// groupByClass sorts files into their classes.
func groupByClass(files []imageFile) map[string][]imageFile {
	by := map[string][]imageFile{}
	for _, f := range files {
		by[f.class] = append(by[f.class], f)
	}
	return by
}
