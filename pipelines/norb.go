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

// norbColumn is the column of info that holds a kind of view, and its possible values.
var norbColumn = map[string]struct {
	at   int
	most int32
	step int32
}{"azimuth": {norbAzimuth, 34, 2}, "elevation": {norbElevation, 8, 1}}

// openNORB reads both halves; of a view's split the training half gives the pairs with familiar views,
// the testing half the others to test on and the familiar ones beside them.
func openNORB(_ context.Context, d Data) (parts, error) {
	if d.Path == "" {
		return parts{}, missingPathError("the folder of the smallnorb files")
	}
	room := newMemoryBudget(d)
	var p parts
	train, err := readNORBHalf(d, room, "training")
	if err != nil {
		return parts{}, err
	}
	test, err := readNORBHalf(d, room, "testing")
	if err != nil {
		return parts{}, err
	}
	if a, b := train.familiar.shape, test.other.shape; a != b {
		return parts{}, fmt.Errorf("pipelines: %s: want training and testing images of one shape, got %v and %v: check the files", displayPath(d.Path), a, b)
	}
	p.train, p.test = train.familiar, test.other
	if d.View != "" {
		p.familiar = test.familiar
		if err := checkDisjoint(d.Path, train.objects, test.objects); err != nil {
			return parts{}, err
		}
	}
	return p, nil
}

// norbHalf is what is used of one half. Without a view all of the training half counts as familiar
// and all of the testing half as other.
type norbHalf struct {
	familiar, other *memorySource
	objects         map[norbObject]bool // those of the half; nil without a view
}

// norbObject is a toy: its category, and its number there.
type norbObject struct{ category, instance int32 }

// checkDisjoint refuses halves that show the same toy: a split by views tests on other objects than it
// trains on.
func checkDisjoint(dir string, training, testing map[norbObject]bool) error {
	var both []norbObject
	for o := range training {
		if testing[o] {
			both = append(both, o)
		}
	}
	if len(both) > 0 {
		o := slices.MinFunc(both, func(a, b norbObject) int {
			return cmp.Or(cmp.Compare(a.category, b.category), cmp.Compare(a.instance, b.instance))
		})
		return fmt.Errorf("pipelines: %s: want other toys in the testing half than in the training half, got %s %d in both: use halves that share no toy, or set data.view to nothing", displayPath(dir), norbClasses[o.category], o.instance)
	}
	return nil
}

func readNORBHalf(d Data, room *memoryBudget, half string) (norbHalf, error) {
	var h norbHalf
	cats, catPath, err := readNORBInts(d.Path, half, "cat", 0)
	if err != nil {
		return h, err
	}
	for i, c := range cats {
		if c < 0 || int(c) >= len(norbClasses) {
			return h, fmt.Errorf("pipelines: %s: example %d: want a category in 0..%d, got %d: fetch the file again", displayPath(catPath), i, len(norbClasses)-1, c)
		}
	}
	familiar, err := h.readViews(d, half, cats)
	if err != nil {
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
	return h, h.readImages(r, d, room, half, cats, familiar)
}

// readImages keeps what is used of a dat file. familiar is nil where there is no view.
func (h *norbHalf) readImages(r *fileReader, d Data, room *memoryBudget, half string, cats []int32, familiar []bool) error {
	m, err := readMat(r, matBytes, len(cats), norbCameras, 0, 0)
	if err != nil {
		return err
	}
	sh := Shape{m.dims[2], m.dims[3], norbCameras}
	if sh.H > norbSide || sh.W > norbSide {
		return r.fail(fmt.Sprintf("images of at most %d pixels a side", norbSide), fmt.Sprintf("%dx%d", sh.H, sh.W), "the header is wrong, fetch the file again", nil)
	}
	known := 0
	for _, f := range familiar {
		if f {
			known++
		}
	}
	training := half == "training"
	roomFor := func(to **memorySource, part string, n int) error {
		if n == 0 {
			return fmt.Errorf("pipelines: %s: want pairs for the %s part, got none of this view: use other files or another view", displayPath(r.path), part)
		}
		*to, err = room.allocate(part, n, sh, norbClasses)
		return err
	}
	switch {
	case d.View == "" && training:
		err = roomFor(&h.familiar, "train", len(cats))
	case d.View == "":
		err = roomFor(&h.other, "test", len(cats))
	case training:
		err = roomFor(&h.familiar, "train", known)
	default:
		if err = roomFor(&h.familiar, "familiar", known); err == nil {
			err = roomFor(&h.other, "test", len(cats)-known)
		}
	}
	if err != nil {
		return err
	}
	var nFamiliar, nOther int
	return m.readRecords(func(i int, record []uint8) {
		isFamiliar := training
		if familiar != nil {
			isFamiliar = familiar[i]
		}
		switch {
		case isFamiliar:
			h.familiar.storePlanar(nFamiliar, record, int(cats[i]))
			nFamiliar++
		case h.other != nil:
			h.other.storePlanar(nOther, record, int(cats[i]))
			nOther++
		}
	})
}

// readViews reports for each pair of a half whether its view is one to train on, and collects the
// objects of the half. It returns nil without a view.
func (h *norbHalf) readViews(d Data, half string, cats []int32) ([]bool, error) {
	if d.View == "" {
		return nil, nil
	}
	info, path, err := readNORBInts(d.Path, half, "info", len(cats))
	if err != nil {
		return nil, err
	}
	which := d.Split
	if which == "" {
		which = usualSplit
	}
	column, views := norbColumn[d.View], norbViews[d.View][which]
	familiar := make([]bool, len(cats))
	h.objects = map[norbObject]bool{}
	for i := range familiar {
		h.objects[norbObject{cats[i], info[i*norbColumns+norbInstance]}] = true
		v := info[i*norbColumns+column.at]
		if v < 0 || v > column.most || v%column.step != 0 {
			return nil, fmt.Errorf("pipelines: %s: example %d: want an %s code in 0..%d in steps of %d, got %d: fetch the file again", displayPath(path), i, d.View, column.most, column.step, v)
		}
		familiar[i] = slices.Contains(views, v)
	}
	return familiar, nil
}
