package attacks

// Gradient says which gradient of a victim an attack follows.
type Gradient string

const (
	// Plain is the gradient that automatic differentiation gives: an operation
	// without a gradient, such as rounding, counts as a constant.
	Plain Gradient = "plain"
	// StraightThrough passes such operations by the gradient of a similar
	// differentiable function, and keeps their values (backward pass
	// differentiable approximation, BPDA; Athalye, Carlini and Wagner 2018). Where
	// the victim has none of them it is the plain gradient.
	StraightThrough Gradient = "straight-through"
)

// Words are the gradients that an attack can follow by its key gradient.
func (Gradient) Words() []string { return []string{string(Plain), string(StraightThrough)} }
