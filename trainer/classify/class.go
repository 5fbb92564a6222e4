package classify

import (
	"cmp"
	"fmt"
	"slices"
)

// Class is a class with its probability in [0,1], a softmax of the logits.
type Class struct {
	Label       int     `json:"label"`
	Name        string  `json:"name,omitempty"` // "" where classes have no names
	Probability float32 `json:"probability"`
}

// Title is the name of the class, or its label.
func (c Class) Title() string {
	if c.Name != "" {
		return c.Name
	}
	return fmt.Sprint(c.Label)
}

// rank orders classes by probability; of equal ones the smaller label comes first.
func (c *Classifier) rank(p []float32) []Class {
	all := make([]Class, len(p))
	for i, v := range p {
		all[i] = Class{Label: i, Probability: v}
		if i < len(c.names) {
			all[i].Name = c.names[i]
		}
	}
	slices.SortStableFunc(all, func(a, b Class) int { return cmp.Compare(b.Probability, a.Probability) })
	return all
}
