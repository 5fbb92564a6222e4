package pipelines

// Factored is a source that knows what each example was drawn with.
type Factored interface {
	Source
	// Factors are those of example i. It panics unless 0 <= i < Len().
	Factors(i int) Factors
}

// KnownFactors is what tells the factors of each example of src, also where src
// is chosen examples of a set that knows them; nil where they are not known, as
// in any set of photographs.
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
