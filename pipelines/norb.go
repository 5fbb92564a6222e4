package pipelines

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// smallNORB (LeCun, Huang, Bottou 2004): pairs of 96x96 images from two cameras, which become two
// channels, of 50 toys in 5 categories. Its info files give instance, elevation (0 to 8: 30 to 70
// degrees), azimuth (0, 2, …, 34: 0 to 340 degrees) and lighting of each pair.
var norbClasses = []string{"animal", "human", "airplane", "truck", "car"}

const (
	norbInstance  = 0 // columns of info
	norbElevation = 1
	norbAzimuth   = 2
	norbLighting  = 3
	norbColumns   = 4
	norbSide      = 1 << 12 // the most pixels a side that this project reads
	norbCameras   = 2
	norbMost      = 1 << 20 // examples of a half, which has 24,300
)

// usualSplit is what Data.Split "" means.
const usualSplit = "hinton"

// norbViews are the views to train on. Azimuths: "hinton" as Hinton, Sabour, Frosst 2018 have them,
// "literal" the six smallest codes, as Duan et al. word it.
var norbViews = map[string]map[string][]int32{
	"azimuth":   {"hinton": {30, 32, 34, 0, 2, 4}, "literal": {0, 2, 4, 6, 8, 10}},
	"elevation": {"hinton": {0, 1, 2}, "literal": {0, 1, 2}},
}

// norbColumn is the column of info that holds a kind of view.
var norbColumn = map[string]int{"azimuth": norbAzimuth, "elevation": norbElevation}

// openNORB reads both halves; of a view's split the training half gives the pairs with familiar views,
// the testing half the others to test on and the familiar ones beside them. Of toys that are held out for
// validation, the training half gives the other views: what the test part is to the whole training half.
func openNORB(_ context.Context, d Data) (parts, error) {
	if d.Path == "" {
		return parts{}, missingPathError("the folder of the smallnorb files")
	}
	room := newMemoryBudget(d)
	train, err := readNORBHalf(d, room, "training")
	if err != nil {
		return parts{}, err
	}
	test, err := readNORBHalf(d, room, "testing")
	if err != nil {
		return parts{}, err
	}
	if a, b := train.sources[norbTrain].shape, test.sources[norbTest].shape; a != b {
		return parts{}, fmt.Errorf("pipelines: %s: want training and testing images of one shape, got %v and %v: check the files", displayPath(d.Path), a, b)
	}
	p := parts{train: train.sources[norbTrain], test: test.sources[norbTest]}
	if held := train.sources[norbHeld]; held != nil {
		p.validation = held
	}
	if d.View != "" {
		p.familiar = test.sources[norbFamiliar]
		if err := checkDisjoint(d.Path, train.toys, test.toys); err != nil {
			return parts{}, err
		}
	}
	return p, nil
}

// norbFactors are the columns of info as factors: azimuths are a circle, and so a category.
var norbFactors = []struct {
	Factor
	at, most, step int32
}{
	{Factor{"lighting", AppearanceFactor, 6}, norbLighting, 5, 1},
	{Factor{"instance", AppearanceFactor, 10}, norbInstance, 9, 1},
	{Factor{"elevation", GeometryFactor, 0}, norbElevation, 8, 1},
	{Factor{"azimuth", GeometryFactor, 18}, norbAzimuth, 34, 2},
}

func norbFactorList() (list []Factor) {
	for _, f := range norbFactors {
		list = append(list, f.Factor)
	}
	return list
}

// norbPart is what a pair is used for.
type norbPart int

const (
	norbUnused   norbPart = iota
	norbTrain             // of the training half
	norbHeld              // of the training half, to validate on
	norbFamiliar          // of the testing half, of views that were trained on
	norbTest
)

var norbPartNames = map[norbPart]string{norbTrain: "train", norbHeld: "validation", norbFamiliar: "familiar", norbTest: "test"}

// norbHalf is what is used of one half.
type norbHalf struct {
	name    string // training or testing
	use     []norbPart
	toys    map[norbToy]bool // those of the half; nil where no info is read
	info    []int32          // [len(use), norbColumns]; nil where there is none
	sources map[norbPart]*memorySource
}

// norbToy is a toy: its category, and its number there.
type norbToy struct{ category, instance int32 }

// checkDisjoint refuses halves that show the same toy: a split by views tests on other objects than it
// trains on.
func checkDisjoint(dir string, training, testing map[norbToy]bool) error {
	var both []norbToy
	for o := range training {
		if testing[o] {
			both = append(both, o)
		}
	}
	if len(both) > 0 {
		o := slices.MinFunc(both, func(a, b norbToy) int {
			return cmp.Or(cmp.Compare(a.category, b.category), cmp.Compare(a.instance, b.instance))
		})
		return fmt.Errorf("pipelines: %s: want other toys in the testing half than in the training half, got %s %d in both: use halves that share no toy, or set data.view to nothing", displayPath(dir), norbClasses[o.category], o.instance)
	}
	return nil
}

func readNORBHalf(d Data, room *memoryBudget, half string) (norbHalf, error) {
	h := norbHalf{name: half, sources: map[norbPart]*memorySource{}}
	cats, catPath, err := readNORBInts(d.Path, half, "cat", 0)
	if err != nil {
		return h, err
	}
	for i, c := range cats {
		if c < 0 || int(c) >= len(norbClasses) {
			return h, fmt.Errorf("pipelines: %s: example %d: want a category in 0..%d, got %d: fetch the file again", displayPath(catPath), i, len(norbClasses)-1, c)
		}
	}
	if err := h.choose(d, cats); err != nil {
		return h, err
	}
	path, err := findNORB(d.Path, half, "dat")
	if err != nil {
		return h, err
	}
	f, size, err := openFile(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	r, err := newFileReader(path, f, size)
	if err != nil {
		return h, err
	}
	return h, h.readImages(r, room, cats)
}

// wantedParts are those that a half must have pairs for.
func (h *norbHalf) wantedParts(d Data) []norbPart {
	switch training := h.name == "training"; {
	case training && d.ValidationToys > 0:
		return []norbPart{norbTrain, norbHeld}
	case training:
		return []norbPart{norbTrain}
	case d.View != "":
		return []norbPart{norbFamiliar, norbTest}
	}
	return []norbPart{norbTest}
}

// choose says what each pair is used for.
func (h *norbHalf) choose(d Data, cats []int32) error {
	h.use = make([]norbPart, len(cats))
	familiar, toys, err := h.readInfo(d, cats)
	if err != nil {
		return err
	}
	held, err := h.holdToys(d)
	if err != nil {
		return err
	}
	for i := range h.use {
		switch {
		case h.name == "testing" && familiar != nil && familiar[i]:
			h.use[i] = norbFamiliar
		case h.name == "testing":
			h.use[i] = norbTest
		case held != nil && held[toys[i]]:
			if familiar == nil || !familiar[i] {
				h.use[i] = norbHeld
			}
		case familiar == nil || familiar[i]:
			h.use[i] = norbTrain
		}
	}
	for _, part := range h.wantedParts(d) {
		if !slices.Contains(h.use, part) {
			return fmt.Errorf("pipelines: %s: want pairs for the %s part, got none of this view in the %s half: use other files or another view", displayPath(d.Path), norbPartNames[part], h.name)
		}
	}
	return nil
}

// holdToys chooses the toys of the training half to validate on, as many of each category; nil for none.
func (h *norbHalf) holdToys(d Data) (map[norbToy]bool, error) {
	if d.ValidationToys == 0 || h.name != "training" {
		return nil, nil
	}
	of := map[int32][]int32{}
	for toy := range h.toys {
		of[toy.category] = append(of[toy.category], toy.instance)
	}
	held := map[norbToy]bool{}
	for category, instances := range of {
		if d.ValidationToys >= len(instances) {
			return nil, newRequestError("pipelines: %s: want a toy of each category to train on, got %d of the %d toys of category %s to hold out: lower data.validation_toys",
				displayPath(d.Path), d.ValidationToys, len(instances), norbClasses[category])
		}
		slices.Sort(instances)
		for _, i := range Seed(d.Seed).Split("toys", int(category)).Rand().Perm(len(instances))[:d.ValidationToys] {
			held[norbToy{category, instances[i]}] = true
		}
	}
	return held, nil
}

// readImages keeps what is used of a dat file.
func (h *norbHalf) readImages(r *fileReader, room *memoryBudget, cats []int32) error {
	m, err := readMat(r, matBytes, len(cats), norbCameras, 0, 0)
	if err != nil {
		return err
	}
	sh := Shape{m.dims[2], m.dims[3], norbCameras}
	if sh.H > norbSide || sh.W > norbSide {
		return r.fail(fmt.Sprintf("images of at most %d pixels a side", norbSide), fmt.Sprintf("%dx%d", sh.H, sh.W), "the header is wrong, fetch the file again", nil)
	}
	count, filled := map[norbPart]int{}, map[norbPart]int{}
	for _, part := range h.use {
		count[part]++
	}
	for part := norbTrain; part <= norbTest; part++ {
		if n := count[part]; n > 0 {
			if h.sources[part], err = room.allocate(norbPartNames[part], n, sh, norbClasses); err != nil {
				return err
			}
			if h.info != nil {
				h.sources[part].addFactors(norbFactorList())
			}
		}
	}
	return m.readRecords(func(i int, record []uint8) {
		if part := h.use[i]; part != norbUnused {
			h.sources[part].storePlanar(filled[part], record, int(cats[i]))
			if h.info != nil {
				h.storeFactors(h.sources[part], filled[part], i)
			}
			filled[part]++
		}
	})
}

// readInfo returns for each pair of a half whether its view is one to train on, nil without a view, and
// its toy, and collects the toys of the half. Where nobody asks for views or toys a folder may lack the
// file, and the factors of the pairs are unknown.
func (h *norbHalf) readInfo(d Data, cats []int32) (familiar []bool, toys []norbToy, err error) {
	asked := d.View != "" || d.ValidationToys > 0 && h.name == "training"
	info, path, err := readNORBInts(d.Path, h.name, "info", len(cats))
	if err != nil && !asked {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if err := checkNORBInfo(info, path); err != nil && asked {
		return nil, nil, err
	} else if err == nil {
		h.info = info
	}
	if !asked {
		return nil, nil, nil
	}
	toys, h.toys = make([]norbToy, len(cats)), map[norbToy]bool{}
	for i := range toys {
		toys[i] = norbToy{cats[i], info[i*norbColumns+norbInstance]}
		h.toys[toys[i]] = true
	}
	if d.View == "" {
		return nil, toys, nil
	}
	column, views := norbColumn[d.View], norbViews[d.View][cmp.Or(d.Split, usualSplit)]
	familiar = make([]bool, len(cats))
	for i := range familiar {
		familiar[i] = slices.Contains(views, info[i*norbColumns+column])
	}
	return familiar, toys, nil
}

// checkNORBInfo refuses values that the set does not have.
func checkNORBInfo(info []int32, path string) error {
	for i := range len(info) / norbColumns {
		for _, f := range norbFactors {
			if v := info[i*norbColumns+int(f.at)]; v < 0 || v > f.most || v%f.step != 0 {
				return fmt.Errorf("pipelines: %s: example %d: want %s codes in 0..%d in steps of %d, got %d: fetch the file again", displayPath(path), i, f.Name, f.most, f.step, v)
			}
		}
	}
	return nil
}

// storeFactors keeps the factors of pair i as those of example to of a source.
func (h *norbHalf) storeFactors(m *memorySource, to, i int) {
	for k, f := range norbFactors {
		m.values[to*len(norbFactors)+k] = float64(h.info[i*norbColumns+int(f.at)] / f.step)
	}
}
