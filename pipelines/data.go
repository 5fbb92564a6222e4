package pipelines

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/graphs/spec"
)

// Data names a set and how much of it to use.
type Data struct {
	// Set is the kind of data set: glyphs, which is drawn, or mnist, cifar10, smallnorb, facescrub,
	// folder, csv, idx or npz, which are read from path.
	Set string `mapstructure:"set" yaml:"set" json:"set"`
	// Path is the folder of the set's files; of a csv set the file that lists them; of an npz set a
	// file with arrays images and labels, or x_train, y_train, x_test and y_test, or the .npy file of
	// the images beside labels.npy.
	Path string `mapstructure:"path" yaml:"path" json:"path"`
	// Seed is the seed of the glyphs, of the choice of people of facescrub, and of the choice of the
	// examples that are held out or left out.
	Seed uint64 `mapstructure:"seed" yaml:"seed" json:"seed"`
	// Train is how many examples to train on, besides those held out. 0: all that are left of the
	// training part, which for glyphs has 10,000.
	Train int `mapstructure:"train" yaml:"train" json:"train" in:"[0,1e8]"`
	// Validation is how many examples of the training part to hold out. The best checkpoint is chosen
	// on them. 0: none, and there is no best checkpoint. Of a set that comes with a validation part
	// it is how many of that to use, the first ones; 0: all.
	Validation int `mapstructure:"validation" yaml:"validation" json:"validation" in:"[0,1e8]"`
	// Test is how many examples to test on, the first ones. 0: the whole test part, which for glyphs
	// has 2,000. Sets of image files have their classes in turn, so the first ones are of all
	// classes.
	Test int `mapstructure:"test" yaml:"test" json:"test" in:"[0,1e8]"`
	// Size is the side of an image in pixels. Glyphs: 8 to 256, 0: 28. facescrub, folder and csv
	// sets, whose images are resized: 4 to 1024, 0: 32.
	Size int `mapstructure:"size" yaml:"size" json:"size" in:"[0,1024]"`
	// Classes is the number of classes of an idx or npz set, 0: one more than the highest label, or the
	// number that a folder or csv set must have, 0: as many as there are.
	Classes int `mapstructure:"classes" yaml:"classes" json:"classes" in:"[0,65536]"`
	// View is the viewpoint by which smallnorb is split: azimuth or elevation trains on a third of
	// the views and tests on the others, of other objects. "": the official split, with all views.
	View string `mapstructure:"view" yaml:"view" json:"view"`
	// Split is the choice of views that smallnorb is trained on: hinton (azimuths 300 to 40 degrees)
	// or literal (azimuths 0 to 100 degrees). Both take the three lowest elevations. "": hinton.
	Split string `mapstructure:"split" yaml:"split" json:"split"`
	// ValidationToys is how many toys of each category of smallnorb's training half to hold out: the
	// validation part are their pictures from the views that are not trained on, or without a view all
	// of them. 0: none.
	ValidationToys int `mapstructure:"validation_toys" yaml:"validation_toys" json:"validation_toys,omitempty" in:"[0,1000]"`
	// People is how many people of a facescrub set to use, chosen by seed. 0: all.
	People int `mapstructure:"people" yaml:"people" json:"people" in:"[0,1e6]"`
	// Order are the names of the classes in the order of their numbers: a file with one a line, or
	// names separated by commas. "": sorted names, and numbers as they are. It maps the classes of a
	// set to the outputs of a model from elsewhere.
	Order string `mapstructure:"order" yaml:"order" json:"order,omitempty"`
	// Holdout is the share of images that become the test part where a folder, csv or npz set has
	// none, above 0. 0: .2. Each file is chosen by its content and data.seed. 1: all, and none are
	// trained on.
	Holdout float64 `mapstructure:"holdout" yaml:"holdout" json:"holdout" in:"[0,1]"`
	// Channels is the number of channels of the images of a folder or csv set: 3 (red, green, blue)
	// or 1 (luma, Rec. 601). 0: 3.
	Channels int `mapstructure:"channels" yaml:"channels" json:"channels" in:"[0,3]"`
	// SkipBad leaves out image files that cannot be read. Without it they are an error.
	SkipBad bool `mapstructure:"skip_bad" yaml:"skip_bad" json:"skip_bad,omitempty"`
	// Memory is how many megabytes (2^20 bytes) the images may take. 0: 4096.
	Memory int `mapstructure:"memory" yaml:"memory" json:"memory" in:"[0,16777216]"`
}

// Views and ViewSplits are the values of Data.View and Data.Split besides "".
var (
	Views      = []string{"azimuth", "elevation"}
	ViewSplits = []string{"hinton", "literal"}
)

// Check refuses values that no set can have, before anything is read.
func (d Data) Check() error {
	if err := spec.CheckRanges("data", d); err != nil {
		return err
	}
	for _, w := range []struct {
		key, value string
		known      []string
	}{{"view", d.View, Views}, {"split", d.Split, ViewSplits}} {
		if w.value != "" && !slices.Contains(w.known, w.value) {
			return fmt.Errorf("data.%s: want one of %s, or none, got %q%s", w.key, strings.Join(w.known, ", "), w.value, DidYouMean(w.value, w.known, "%s"))
		}
	}
	if d.Channels == 2 {
		return fmt.Errorf("data.channels: want 1, 3 or 0 (the usual 3), got %d", d.Channels)
	}
	return d.checkRead()
}

// checkRead refuses keys that the set does not read: a user who sets one expects an effect. Default
// values are accepted; run folders of any set may have the default size of glyphs.
func (d Data) checkRead() error {
	for _, k := range []struct {
		key   string
		value any
		given bool
	}{
		{"size", d.Size, d.Size != 0 && d.Size != glyphsSize},
		{"classes", d.Classes, d.Classes != 0},
		{"view", d.View, d.View != ""},
		{"split", d.Split, d.Split != "" && d.Split != usualSplit},
		{"people", d.People, d.People != 0},
		{"validation_toys", d.ValidationToys, d.ValidationToys != 0},
		{"holdout", d.Holdout, d.Holdout != 0 && d.Holdout != defaultHoldout},
		{"skip_bad", d.SkipBad, d.SkipBad},
		{"channels", d.Channels, d.Channels != 0 && d.Channels != defaultChannels},
	} {
		// A set that does not exist is refused as such.
		if sets := setsReading(k.key); k.given && slices.Contains(Sets, d.Set) && !slices.Contains(sets, d.Set) {
			return fmt.Errorf("data.%s: want it for a set of %s alone, got %v for %s, which does not read it: leave it out", k.key, strings.Join(sets, ", "), k.value, d.Set)
		}
	}
	if d.Set == "glyphs" && d.Path != "" {
		return fmt.Errorf("data.path: want a set that is read from files beside it, got %q for glyphs, which are drawn: set data.set=folder for folders of images, or another of %s", d.Path, strings.Join(Sets[1:], ", "))
	}
	if d.Split != "" && d.Split != usualSplit && d.View == "" {
		return fmt.Errorf("data.split: want it beside a data.view of %s, got %s without a view: set data.view, or leave data.split out", strings.Join(Views, " or "), d.Split)
	}
	return nil
}

// DataRequestError says that Data asks for more than its set has, or for more memory than it may take.
// Other values in Data would be accepted.
type DataRequestError struct{ text string }

func (e *DataRequestError) Error() string { return e.text }

// newRequestError makes a DataRequestError.
func newRequestError(format string, args ...any) error {
	return &DataRequestError{fmt.Sprintf(format, args...)}
}
