package pipelines

import "fmt"

// subset is chosen examples of another source.
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

func (s *subset) Label(i int) int { return s.Source.Label(s.indices[i]) }

func (s *subset) FileName(i int) string { return FileName(s.Source, s.indices[i]) }
