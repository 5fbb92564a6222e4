package pipelines

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// dataSet is a value of Data.Set.
type dataSet struct {
	name string
	// reads are the keys of Data, besides those of every set, that the set reads.
	reads []string
	open  func(ctx context.Context, d Data) (parts, error)
}

// dataSets are the sets that Open knows. A new one is a file with its reader, and its row here.
var dataSets = []dataSet{
	{"glyphs", []string{"size"}, openGlyphs},
	{"mnist", nil, openMNIST},
	{"cifar10", nil, openCIFAR},
	{"smallnorb", []string{"view", "split", "validation_toys"}, openNORB},
	{"facescrub", []string{"size", "people", "skip_bad"}, openFaces},
	{"folder", []string{"size", "classes", "holdout", "channels", "skip_bad"}, openFolder},
	{"csv", []string{"size", "classes", "holdout", "channels", "skip_bad"}, openCSV},
	{"idx", []string{"classes"}, openIDX},
	{"npz", []string{"classes", "holdout"}, openArrays},
}

// Sets are the names that Open knows.
var Sets = setNames(func(dataSet) bool { return true })

// setNames lists the data sets for which keep is true.
func setNames(keep func(s dataSet) bool) []string {
	var names []string
	for _, s := range dataSets {
		if keep(s) {
			names = append(names, s.name)
		}
	}
	return names
}

// setsReading lists the data sets that read a key.
func setsReading(key string) []string {
	return setNames(func(s dataSet) bool { return slices.Contains(s.reads, key) })
}

// Open reads or draws a set. The held-out examples are the last of an order of the training
// part that Seed decides, for image files by their contents; the examples to train on are the first
// of it. Both parts then keep the order in which the set has them. Image files are decoded until
// ctx ends; see WithProgress.
func Open(ctx context.Context, d Data) (Splits, error) {
	if err := d.Check(); err != nil {
		return Splits{}, err
	}
	i := slices.IndexFunc(dataSets, func(s dataSet) bool { return s.name == d.Set })
	if i < 0 {
		return Splits{}, fmt.Errorf("data.set: want one of %s, got %q%s", strings.Join(Sets, ", "), d.Set, DidYouMean(d.Set, Sets, "%s"))
	}
	p, err := dataSets[i].open(ctx, d)
	if err == nil {
		p, err = p.inOrder(d.Order)
	}
	if err != nil {
		return Splits{}, err
	}
	return p.selectSplits(d)
}
