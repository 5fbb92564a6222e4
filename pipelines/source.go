package pipelines

import "fmt"

// Shape is height and width in pixels and the number of channels.
type Shape struct{ H, W, C int }

// Len is H*W*C, the number of values of one image.
func (s Shape) Len() int { return s.H * s.W * s.C }

// String is "28x28x1".
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.H, s.W, s.C) }

// Source is a labelled image set with random access.
type Source interface {
	// Name says what the set is, for messages and reports.
	Name() string
	// Len is the number of examples, at least 1.
	Len() int
	// Shape is the shape of every image.
	Shape() Shape
	// Classes is the number of classes.
	Classes() int
	// At writes image i, Shape().Len() bytes, row-major and channels last, to the start of dst and
	// returns its label in 0..Classes()-1. It is safe for concurrent use, retains no dst and gives
	// the same answer every time. An i outside 0..Len()-1 or a short dst is an error.
	At(i int, dst []uint8) (label int, err error)
	// Label is the label that At returns for image i, without reading its pixels. It is safe for
	// concurrent use and panics unless 0 <= i < Len().
	Label(i int) int
}

// Named is a source that knows the names of its classes.
type Named interface {
	// ClassNames are Classes() names, that of class 0 first.
	ClassNames() []string
}

// ClassNames are the names of the classes of src; nil if it does not know them.
func ClassNames(src Source) []string {
	if n, ok := src.(Named); ok {
		return n.ClassNames()
	}
	return nil
}

// FromFiles is a source that may know the file of each image.
type FromFiles interface {
	// FileName is the path of the file of image i, "" where it has none of its own.
	FileName(i int) string
}

// FileName is the path of the file of image i of src, "" where that is not known.
func FileName(src Source, i int) string {
	if f, ok := src.(FromFiles); ok && i >= 0 && i < src.Len() {
		return f.FileName(i)
	}
	return ""
}

// checkAt refuses an index or a buffer that At cannot serve.
func checkAt(s Source, i int, dst []uint8) error {
	if n := s.Len(); i < 0 || i >= n {
		return fmt.Errorf("pipelines: %s: want an example in 0..%d, got %d: ask for one that exists", s.Name(), n-1, i)
	}
	if n := s.Shape().Len(); len(dst) < n {
		return fmt.Errorf("pipelines: %s: want a buffer of %d bytes, got %d: pass Shape().Len() bytes", s.Name(), n, len(dst))
	}
	return nil
}
