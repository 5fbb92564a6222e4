package pipelines

// Factored is a source that knows the factors that each example was drawn with.
type Factored interface {
	Source
	// Factors are those of example i. It panics unless 0 <= i < Len().
	Factors(i int) Factors
}

// KnownFactors returns a function from an example of src to its factors. src is a
// [Factored] source or a subset of one; for any other, such as photographs, the
// result is nil.
func KnownFactors(src Source) func(i int) Factors {
	switch s := src.(type) {
	case Factored:
		return s.Factors
	case *subset:
		all := KnownFactors(s.Source)
		if all == nil {
			return nil
		}
		return func(i int) Factors { return all(s.indices[i]) }
	}
	return nil
}
