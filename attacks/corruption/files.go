package corruption

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/pipelines/npz"
)

// Files are the corrupted images of a folder, in one of two layouts:
//
//	MNIST-C     KIND/test_images.npy [N,28,28,1] and KIND/test_labels.npy [N], of one severity
//	CIFAR-10-C  KIND.npy [5·N,32,32,3], the severities one after the other, and labels.npy [5·N] or [N]
//
// Images are bytes, labels whole numbers. A block of images is read at a time.
type Files struct {
	dir        string
	severities int
	images     int // of each kind and severity
	use        int // of them, the first so many
	classes    int
	row        int // values of an image
	kinds      []string
	open       map[string]*kindFiles
}

// kindFiles are the open files of a kind.
type kindFiles struct{ images, labels *npz.File }

const (
	mnistImages, mnistLabels = "test_images.npy", "test_labels.npy"
	cifarLabels              = "labels.npy"
)

// OpenFiles opens the first n images of each kind and severity in a folder, 0 for
// all. They must be of h by w pixels and c channels, in so many classes.
func OpenFiles(dir string, n, h, w, c, classes int) (*Files, error) {
	f := &Files{dir: dir, classes: classes, row: h * w * c, open: map[string]*kindFiles{}}
	err := f.openAll(h, w, c)
	if err == nil && f.images == 0 {
		err = fmt.Errorf("want at least one image of each kind, got none")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("attack.corruptions: %s: %w", dir, err)
	}
	f.use = f.images
	if n > 0 {
		f.use = min(n, f.images)
	}
	if err := f.checkLabels(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// checkLabels refuses labels that are no class, before any image is classified.
func (f *Files) checkLabels() error {
	for _, kind := range f.kinds {
		for s := range f.severities {
			if _, err := f.readLabels(kind, s+1, 0, f.use); err != nil {
				return err
			}
			if f.open[kind].labels.Rows() == f.images {
				break // the same of all severities
			}
		}
	}
	return nil
}

func (f *Files) openAll(h, w, c int) error {
	if info, err := os.Stat(f.dir); err != nil || !info.IsDir() {
		return fmt.Errorf("want a folder of corrupted images")
	}
	mnist, _ := filepath.Glob(filepath.Join(escape(f.dir), "*", mnistImages))
	cifar, _ := filepath.Glob(filepath.Join(escape(f.dir), "*.npy"))
	cifar = slices.DeleteFunc(cifar, func(path string) bool { return filepath.Base(path) == cifarLabels })
	switch {
	case len(mnist) > 0:
		f.severities = 1
		for _, path := range mnist {
			if err := f.add(filepath.Base(filepath.Dir(path)), path, filepath.Join(filepath.Dir(path), mnistLabels), h, w, c); err != nil {
				return err
			}
		}
	case len(cifar) > 0:
		f.severities = Severities
		for _, path := range cifar {
			if err := f.add(strings.TrimSuffix(filepath.Base(path), ".npy"), path, filepath.Join(f.dir, cifarLabels), h, w, c); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("want KIND/%s and KIND/%s as in MNIST-C, or KIND.npy and %s as in CIFAR-10-C, got neither", mnistImages, mnistLabels, cifarLabels)
	}
	slices.Sort(f.kinds)
	return nil
}

// escape writes a path so that a pattern matches it alone.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// add opens the files of a kind.
func (f *Files) add(kind, images, labels string, h, w, c int) error {
	in := func(path string, err error) error { return fmt.Errorf("%s: %w", filepath.Base(path), err) }
	k := &kindFiles{}
	f.open[kind], f.kinds = k, append(f.kinds, kind)
	var err error
	if k.images, err = npz.OpenFile(images); err != nil {
		return in(images, err)
	}
	if k.labels, err = npz.OpenFile(labels); err != nil {
		return in(labels, err)
	}
	shape := k.images.Shape()
	if k.images.Kind() != npz.KindUint8 || !slices.Equal(shape[1:], []int{h, w, c}) && (c != 1 || !slices.Equal(shape[1:], []int{h, w})) {
		return in(images, fmt.Errorf("want bytes of shape [N %d %d %d], as this model sees them, got %s of %v", h, w, c, k.images.Kind(), shape))
	}
	n := k.images.Rows() / f.severities
	if k.images.Rows() != n*f.severities {
		return in(images, fmt.Errorf("want the same number of images in each of %d severities, got %d images", f.severities, k.images.Rows()))
	}
	if l := k.labels.Shape(); len(l) != 1 || l[0] != n && l[0] != n*f.severities {
		return in(labels, fmt.Errorf("want %d labels, one for each of the images in %s, got %v", n, filepath.Base(images), l))
	}
	if len(f.kinds) > 1 && n != f.images {
		return in(images, fmt.Errorf("want %d images in each severity, as of %s, got %d", f.images, f.kinds[0], n))
	}
	f.images = n
	return nil
}

// Close closes the files.
func (f *Files) Close() {
	for _, k := range f.open {
		for _, a := range []*npz.File{k.images, k.labels} {
			if a != nil {
				a.Close()
			}
		}
	}
}

// Name implements [Source].
func (f *Files) Name() string { return "files of " + filepath.Base(filepath.Clean(f.dir)) }

// Kinds implements [Source].
func (f *Files) Kinds() []string { return slices.Clone(f.kinds) }

// Severities implements [Source].
func (f *Files) Severities() []int {
	out := make([]int, f.severities)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// Len implements [Source].
func (f *Files) Len() int { return f.use }

// Read implements [Source].
func (f *Files) Read(kind string, severity, from, n int) (pixels []float32, labels []int32, err error) {
	k := f.open[kind]
	raw, err := k.images.Uint8s((severity-1)*f.images+from, n)
	if err != nil {
		return nil, nil, fmt.Errorf("attack.corruptions: %s: %w", kind, err)
	}
	if labels, err = f.readLabels(kind, severity, from, n); err != nil {
		return nil, nil, err
	}
	pixels = make([]float32, len(raw))
	for i, v := range raw {
		pixels[i] = float32(v) / 255
	}
	return pixels, labels, nil
}

// readLabels are the labels of n images of a kind and a severity.
func (f *Files) readLabels(kind string, severity, from, n int) (labels []int32, err error) {
	file, at := f.open[kind].labels, from
	if file.Rows() != f.images {
		at += (severity - 1) * f.images
	}
	classes, err := file.Int64s(at, n)
	if err != nil {
		return nil, fmt.Errorf("attack.corruptions: labels of %s: %w", kind, err)
	}
	for i, class := range classes {
		if class < 0 || class >= int64(f.classes) {
			return nil, fmt.Errorf("attack.corruptions: %s: want labels of 0..%d, got %d of image %d", kind, f.classes-1, class, at+i)
		}
		labels = append(labels, int32(class))
	}
	return labels, nil
}

// Fingerprint implements [Source]: the names and shapes of the files, and the
// first images and labels of each.
func (f *Files) Fingerprint() string {
	sum := sha256.New()
	for _, kind := range f.kinds {
		k := f.open[kind]
		fmt.Fprintln(sum, kind, k.images.Shape(), k.labels.Shape())
		for s := 1; s <= f.severities; s++ {
			raw, err := k.images.Uint8s((s-1)*f.images, min(f.images, 16))
			fmt.Fprintln(sum, raw, err)
		}
		classes, err := k.labels.Int64s(0, k.labels.Rows())
		fmt.Fprintln(sum, classes, err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}
