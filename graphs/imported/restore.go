package imported

import (
	"fmt"
	"slices"

	"unwarp/graphs"
)

// Restore gives the variables of net that n declared below the path under their
// values in the file, and their moving averages too. Weights that no pass declared
// are left out.
func Restore(n Network, net *graphs.Net, under string) error {
	const most = 1 << 26 // values that are held at once
	all, held := map[string][]float32{}, 0
	for _, w := range n.Weights() {
		path := w.Name
		if under != "" {
			path = under + "/" + path
		}
		v := net.Vars.Find(path)
		if v == nil {
			continue
		}
		values, err := n.ReadWeight(w.Name)
		if err != nil {
			return fmt.Errorf("weight %.80q: %w", w.Name, err)
		}
		// Some operations turn NaN into numbers, so that the scores would not tell.
		if i := slices.IndexFunc(values, func(v float32) bool { return v != v }); i >= 0 {
			return fmt.Errorf("weight %.80q: want numbers, got NaN at place %d of %d: the file is damaged, or its training ended in NaN", w.Name, i, len(values))
		}
		all[path] = values
		if a := net.Vars.AverageOf(v); a != nil {
			all[a.Path] = values
		}
		if held += len(values); held > most {
			if err := net.AssignAll(all); err != nil {
				return err
			}
			all, held = map[string][]float32{}, 0
		}
	}
	return net.AssignAll(all)
}

// RestoreEncoder gives the variables of net the values of the file of f, which is
// the encoder of a model in it.
func RestoreEncoder(f graphs.FileEncoder, net *graphs.Net) error {
	n, err := OpenEncoder(f)
	if err != nil {
		return err
	}
	return Restore(n, net, "encoder/"+below)
}
