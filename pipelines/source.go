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
}

// Named is a source that knows what its classes are called.
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

// memory is a set held in memory.
type memory struct {
	name    string
	shape   Shape
	classes int
	pixels  []uint8 // [len(labels), H, W, C]
	labels  []int32
	names   []string // of the classes; nil if they have none
}

func (m *memory) Name() string { return m.name }
func (m *memory) Len() int     { return len(m.labels) }
func (m *memory) Shape() Shape { return m.shape }
func (m *memory) Classes() int { return m.classes }

func (m *memory) ClassNames() []string { return m.names }

func (m *memory) At(i int, dst []uint8) (int, error) {
	if err := checkAt(m, i, dst); err != nil {
		return 0, err
	}
	n := m.shape.Len()
	copy(dst, m.pixels[i*n:(i+1)*n])
	return int(m.labels[i]), nil
}

// labelsOf is what tells the labels of src without its pixels; src is one of the sets of this package,
// or chosen examples of one.
func labelsOf(src Source) func(i int) int {
	switch s := src.(type) {
	case *memory:
		return func(i int) int { return int(s.labels[i]) }
	case *Glyphs:
		gen := newGenerator()
		return func(i int) int { return drawDigit(gen, s.seed, i) }
	case *subset:
		all := labelsOf(s.Source)
		return func(i int) int { return all(s.indices[i]) }
	}
	panic(fmt.Sprintf("pipelines: %T tells no labels", src))
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

// subset shows chosen examples of another source.
type subset struct {
	Source
	indices []int
}

// Subset is the examples of src at the given indices, in that order; an index may occur twice. An
// empty list or an index outside src is an error. The list is kept, not copied.
func Subset(src Source, indices []int) (Source, error) {
	if len(indices) == 0 {
		return nil, fmt.Errorf("pipelines: %s: want a subset of at least 1 example, got none: name some indices", src.Name())
	}
	n := src.Len()
	for at, i := range indices {
		if i < 0 || i >= n {
			return nil, fmt.Errorf("pipelines: %s: want indices in 0..%d, got %d at position %d: leave it out", src.Name(), n-1, i, at)
		}
	}
	return &subset{src, indices}, nil
}

// First is the first n examples of src.
func First(src Source, n int) (Source, error) {
	if n < 1 || n > src.Len() {
		return nil, fmt.Errorf("pipelines: %s: want the first 1..%d examples, got %d: ask for as many as there are", src.Name(), src.Len(), n)
	}
	if n == src.Len() {
		return src, nil
	}
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return Subset(src, indices)
}

func (s *subset) Len() int { return len(s.indices) }

func (s *subset) ClassNames() []string { return ClassNames(s.Source) }

func (s *subset) At(i int, dst []uint8) (int, error) {
	if err := checkAt(s, i, dst); err != nil {
		return 0, err
	}
	return s.Source.At(s.indices[i], dst)
}
