package attacks

var _ = register(Entry{
	Name: "corruption", Paper: "Hendrycks and Dietterich 2019", Family: Natural, Schedule: Whole,
	New: func() Attack { return new(Corruption) },
})

// Corruption spoils the image in ways that no attacker chose (Hendrycks and
// Dietterich 2019), in five severities. With kind=all every kind is tried, with
// severity=0 every severity, and of the successes the nearest is kept. Each
// corruption draws its random numbers anew: what it does to an image does not
// depend on the others.
//
// Values are those of ImageNet-C for noise, contrast, brightness and JPEG, of
// CIFAR-10-C for blur, whose sizes are in pixels of a small image; both sets
// lack plain rotation and translation.
type Corruption struct {
	Common
	Kind     string `key:"kind" oneof:"all gaussian shot impulse blur box contrast brightness rotation translation jpeg" default:"all" help:"what happens to the image"`
	Severity int    `key:"severity" in:"[0,5]" default:"0" help:"1 to 5; 0: each of them"`
}

// Needs is nothing.
func (a *Corruption) Needs(Victim) []Loss { return nil }

// Attack tries the corruptions.
func (a *Corruption) Attack(c *Case) {
	type one struct {
		corruption
		severity int
	}
	var todo []one
	for _, k := range corruptions {
		for s := 1; s <= severities; s++ {
			if (a.Kind == "all" || a.Kind == k.kind) && (a.Severity == 0 || a.Severity == s) {
				todo = append(todo, one{k, s})
			}
		}
	}
	seed := c.Rand.Uint64()
	c.tryAll(len(todo), func(i int, x []float32) {
		t := todo[i]
		t.apply(picture{c.Image, c.H, c.W, c.C, c.Threat.Lo, c.Threat.Hi}, x, t.severity, seed)
		c.Threat.Clip(x)
	})
}
