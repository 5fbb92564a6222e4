package attacks

import (
	"reflect"
	"slices"
	"strings"
)

// Attack is one way to look for an adversarial example of one image. It is a
// plain struct whose fields, with their tags, are its hyper-parameters (see
// [Parse]); it embeds [Common] and registers itself with an [Entry].
type Attack interface {
	// Needs are the losses whose gradient the attack follows on v.
	Needs(v Victim) []Loss
	// Attack looks for an adversarial example of c and shows each candidate to
	// the referee with c.Claim. It must not keep state between calls: every
	// random number comes from c.Rand.
	Attack(c *Case)
	common() *Common
}

// Common are the settings that every attack has.
type Common struct {
	Eps    Radii  `key:"eps" help:"radii of its own, instead of the evaluation's"`
	Seed   uint64 `key:"seed" help:"of its random numbers"`
	Target string `key:"target" help:"class to reach: a number, next, random, least, second; none: any other"`
	EOT    int    `key:"eot" in:"[1,1e6]" default:"1" help:"passes averaged for one gradient, for models with noise in them"`
	Budget int    `key:"budget" in:"[0,1e9]" help:"forward and backward passes per image and radius, 0 for no limit"`
}

func (c *Common) common() *Common { return c }

// Family says what an attack must know of its victim, or what else it is.
type Family string

// Families. White-box attacks follow gradients, score attacks read logits,
// decision attacks the predicted class alone, transfer attacks the gradient of
// another model. Adaptive ones are made for this defence. A baseline is what
// any attack must beat. Natural ones leave the ball: rotation, blur.
const (
	WhiteBox Family = "white-box"
	Adaptive Family = "adaptive"
	Score    Family = "score"
	Decision Family = "decision"
	Transfer Family = "transfer"
	Baseline Family = "baseline"
	Natural  Family = "natural"
)

// Schedule says how an attack meets several radii.
type Schedule int

const (
	// PerRadius attacks are run anew at a radius: at the largest first, and
	// where that succeeds at smaller ones by bisection.
	PerRadius Schedule = iota
	// Ascending attacks are cheap, and not monotone: radius by radius, from the
	// smallest, until one succeeds.
	Ascending
	// Whole attacks look for the smallest perturbation by themselves, once, and
	// claim at any distance.
	Whole
)

// Entry is what the catalogue says of an attack.
type Entry struct {
	Name     string
	Paper    string // authors, year
	Family   Family
	Schedule Schedule
	Norms    []Norm // threats in which it is defined; nil for all
	Own      Norm   // what it minimises whatever the threat, "" for the threat's norm
	New      func() Attack
}

var catalogue = map[reflect.Type]Entry{}

// register adds an attack; its file calls it for a package variable.
func register(e Entry) bool {
	catalogue[reflect.TypeOf(e.New())] = e
	return true
}

// Catalogue lists all attacks by name.
func Catalogue() []Entry {
	var out []Entry
	for _, e := range catalogue {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Names are the names of all attacks.
func Names() []string {
	var out []string
	for _, e := range Catalogue() {
		out = append(out, e.Name)
	}
	return out
}

// About is the catalogue's entry for a.
func About(a Attack) Entry { return catalogue[reflect.TypeOf(a)] }
