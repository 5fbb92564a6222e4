package certify

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/spec"
)

// Method is a way to look for proofs, with its settings: a plain struct whose
// fields are the keys of its text (see package spec).
type Method interface {
	// Declare writes what the method computes into b, for a threat as
	// [Entry].Threat reads it. The prover that open returns computes in a session
	// over that graph, in float32. Operators that have no bounds are a
	// [bounds.UnsupportedError].
	Declare(b *graphs.Builder, v attacks.Victim, threat string) (open func(net *graphs.Net) Prover, err error)
}

// Entry is what the catalogue says of a method.
type Entry struct {
	Name  string
	Title string // as a report names it
	Paper string // authors, year
	// Threat tells whether the method is for a threat: linf, l2, l1, or as the
	// package of a geometric threat writes it.
	Threat func(threat string) bool
	New    func() Method
}

var catalogue []Entry

// Register adds a method; its file calls it for a package variable.
func Register(e Entry) bool {
	catalogue = append(catalogue, e)
	return true
}

// Catalogue lists all methods; those for balls come from the fastest to the
// tightest.
func Catalogue() []Entry { return slices.Clone(catalogue) }

// Names are the names of all methods.
func Names() []string {
	var all []string
	for _, e := range catalogue {
		all = append(all, e.Name)
	}
	return all
}

// Default is the method that is taken where none is named.
const Default = "alpha-crown"

// Parse reads a method as it is written in a configuration, such as
// branch-and-bound(seconds=60).
func Parse(text string) (Method, error) {
	var kinds []spec.Kind[Method]
	for _, e := range catalogue {
		kinds = append(kinds, spec.Kind[Method]{Name: e.Name, New: e.New})
	}
	m, err := spec.Parse(text, kinds)
	if err != nil {
		return nil, fmt.Errorf("method %q: %w", text, err)
	}
	return m, nil
}

// About is the catalogue's entry of the method that text names; false where it
// names none.
func About(text string) (Entry, bool) {
	name, _, _ := strings.Cut(text, "(")
	i := slices.IndexFunc(catalogue, func(e Entry) bool { return e.Name == strings.TrimSpace(name) })
	if i < 0 {
		return Entry{}, false
	}
	return catalogue[i], true
}
