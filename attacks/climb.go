package attacks

// climber takes steps of one size uphill and comes back into ball and box after
// each.
type climber struct {
	loss        Loss
	temperature float32 // of the loss's logits, 0 for 1
	steps       int
	alpha       float32
	// turn makes of the gradient at x, in place, a direction of unit size; nil
	// is the threat's Steepest.
	turn func(g, x []float32)
}

// climb goes up from x until an iterate succeeds. x is overwritten.
func (k climber) climb(c *Case, x []float32) bool {
	for range k.steps {
		s := c.uphill(k.loss, Question{Image: x, Temperature: k.temperature})
		c.Trace(s.Loss)
		if c.Success(s.Logits) && c.Claim(x) {
			return true
		}
		k.step(c, x, s.Gradient)
	}
	return c.Claim(x)
}

// step moves x along the gradient g, which is overwritten.
func (k climber) step(c *Case, x, g []float32) {
	if k.turn == nil {
		c.Threat.Steepest(g, g)
	} else {
		k.turn(g, x)
	}
	axpy(x, x, k.alpha, g)
	c.Threat.Project(x, c.Image, c.Eps)
}
