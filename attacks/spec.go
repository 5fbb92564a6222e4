package attacks

import (
	"fmt"

	"unwarp/graphs/spec"
)

// Parse reads an attack as it is written in a configuration: a name, and in
// brackets what differs from its defaults (see [spec]),
//
//	pgd(loss=margin,steps=100,restarts=5,eps=.01 8/255)
func Parse(text string) (Attack, error) {
	var kinds []spec.Kind[Attack]
	for _, e := range Catalogue() {
		kinds = append(kinds, spec.Kind[Attack]{Name: e.Name, New: e.New})
	}
	a, err := spec.Parse(text, kinds)
	if err == nil {
		err = checkTarget(a.Settings().Target)
	}
	if err != nil {
		return nil, fmt.Errorf("attack %q: %w", text, err)
	}
	return a, nil
}

// Text writes an attack as Parse reads it: its name and what differs from the
// defaults.
func Text(a Attack) string { return spec.Text(About(a).Name, a) }

// Param is one hyper-parameter with its value.
type Param = spec.Param

// Params are all hyper-parameters of a, defaults included.
func Params(a Attack) []Param { return spec.Params(a) }
