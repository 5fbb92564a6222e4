package pipelines

// FactorGroup says which code of a model should hold a factor.
type FactorGroup string

// Groups of factors.
const (
	AppearanceFactor FactorGroup = "appearance" // how the object looks
	GeometryFactor   FactorGroup = "geometry"   // where its parts are
)

// Factor is a way in which the images of a set differ by construction, other than
// by their class.
type Factor struct {
	Name  string
	Group FactorGroup
	// Values is the number of values of a factor that is a category, 0..Values-1.
	// It is 0 of a number.
	Values int
}

// Factored is a source that knows the factors of each example.
type Factored interface {
	Source
	// FactorList describes the factors.
	FactorList() []Factor
	// FactorValues returns those of example i, in the order of FactorList. It
	// panics unless 0 <= i < Len().
	FactorValues(i int) []float64
}

// KnownFactors returns the factors of src and a function from an example to their
// values. src is a [Factored] source or a subset of one; for any other, such as
// photographs, both are nil.
func KnownFactors(src Source) ([]Factor, func(i int) []float64) {
	switch s := src.(type) {
	case Factored:
		if list := s.FactorList(); list != nil {
			return list, s.FactorValues
		}
	case *subset:
		list, all := KnownFactors(s.Source)
		if all == nil {
			return nil, nil
		}
		return list, func(i int) []float64 { return all(s.indices[i]) }
	}
	return nil, nil
}
