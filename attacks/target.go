package attacks

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"unwarp/attacks/vector"
)

// targets are the ways to choose a class to reach.
var targets = []string{"next", "random", "least", "second"}

func checkTarget(text string) error {
	if text == "" || slices.Contains(targets, text) {
		return nil
	}
	if k, err := strconv.Atoi(text); err != nil || k < 0 {
		return fmt.Errorf("target: want a class number or one of %v, got %q", targets, text)
	}
	return nil
}

// checkTargetClass refuses a class that a model of so many classes does not
// have.
func (c *Common) checkTargetClass(classes int) error {
	if k, err := strconv.Atoi(c.Target); err == nil && k >= classes {
		return fmt.Errorf("target: want a class of 0..%d, got %d", classes-1, k)
	}
	return nil
}

// ChooseTarget is the class that Target means for an image with a label and
// clean logits; -1 for none, and false where the label is the target.
func (c *Common) ChooseTarget(label int, clean []float32, r *rand.Rand) (int, bool) {
	k := len(clean)
	order := vector.Descending(clean)
	switch c.Target {
	case "":
		return -1, true
	case "next":
		return (label + 1) % k, true
	case "random":
		return (label + 1 + r.IntN(k-1)) % k, true
	case "least", "second":
		order = slices.DeleteFunc(order, func(i int) bool { return i == label })
		if c.Target == "second" {
			return order[0], true
		}
		return order[len(order)-1], true
	}
	t, _ := strconv.Atoi(c.Target)
	return t, t != label && t < k
}
