package attacks

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"unwarp/graphs"
)

// Attack is one way to look for an adversarial example of one image. It is a
// plain struct whose fields, with their tags, are its hyper-parameters (see
// [Parse]); it embeds [Common] and registers itself with an [Entry].
type Attack interface {
	// Losses are those whose gradient the attack follows on v.
	Losses(v Victim) []Loss
	// Run looks for an adversarial example and has each candidate verified by
	// o.Claim. It must not keep state between calls: every random number comes
	// from o.Rand.
	Run(o *Oracle)
	// Settings are the attack's common settings; Common implements it.
	Settings() *Common
}

// Common are the settings that every attack has.
type Common struct {
	Eps    Radii  `key:"eps" help:"radii of its own, instead of the evaluation's"`
	Seed   uint64 `key:"seed" help:"of its random numbers"`
	Target string `key:"target" help:"class to reach: a number, next, random, least, second; none: any other"`
	EOT    int    `key:"eot" in:"[1,1000]" default:"1" help:"passes averaged for one gradient, for models with noise in them"`
	// Gradient says what stands for the gradient of operations without one.
	Gradient Gradient `key:"gradient" default:"plain" help:"plain, or straight-through past operations without a gradient, such as rounding (BPDA)"`
	Budget   int      `key:"budget" in:"[0,1e9]" help:"forward and backward passes per image and radius, 0 for no limit"`
}

// Settings are the common settings themselves.
func (c *Common) Settings() *Common { return c }

// ClassChecker is an attack that is not defined for every number of classes.
type ClassChecker interface {
	// CheckClasses says which number the attack wants where classes does not do.
	CheckClasses(classes int) error
}

// CheckClasses refuses an attack that is not defined for a model of so many
// classes, or whose target is none of them.
func CheckClasses(a Attack, classes int) error {
	if c, ok := a.(ClassChecker); ok {
		if err := c.CheckClasses(classes); err != nil {
			return err
		}
	}
	return a.Settings().checkTargetClass(classes)
}

// Stepper is an attack that takes steps along gradients.
type Stepper interface {
	// Plan says which steps the attack takes at radius eps of a threat in norm n.
	Plan(eps float32, n Norm) StepPlan
}

// StepPlan are the steps of an iterative gradient attack.
type StepPlan struct {
	Loss       Loss
	Steps      int     // of each start
	Size       float32 // of a step, in the threat's norm; 0 where the attack adapts it
	Restarts   int     // number of starts
	CleanStart bool    // it starts at the clean image
}

// Transferrer is an attack that follows the gradient of another model.
type Transferrer interface {
	// SourceName is the name of that model among the evaluation's sources.
	SourceName() string
}

// Preparer is an attack that trains a model of its own before it sees its
// first image, such as a substitute, and then follows that model's gradient.
type Preparer interface {
	// NewSource is that model for a victim.
	NewSource(v Victim) SourceModel
}

// SourceModel is a model that a [Preparer] trains. The engine builds its graph
// and closes its session.
type SourceModel interface {
	// Options are those of its graph.
	Options() graphs.Options
	// Declare writes model and training into b and returns the model as a victim.
	Declare(b *graphs.Builder) Victim
	// Train trains it. images are those of the evaluation; victim and source
	// answer for the attacked model and for this one, whose gradient of
	// Classification is declared.
	Train(ctx context.Context, net *graphs.Net, images Images, t Threat, victim, source Runner) error
}

// Runner computes a model's outputs outside an attack; nothing of it counts as
// a query.
type Runner interface {
	Logits(images ...[]float32) ([][]float32, error)
	LossGradients(l Loss, requests ...Request) ([]LossGradient, error)
}

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

// RadiusSearch says how an attack meets several radii.
type RadiusSearch int

const (
	// Bisection runs an attack anew at a radius: at the largest first, and
	// where that succeeds at smaller ones by bisection.
	Bisection RadiusSearch = iota
	// Ascending runs a cheap attack that is not monotone radius by radius, from
	// the smallest, until one succeeds.
	Ascending
	// MinimumNorm attacks look for the smallest perturbation by themselves,
	// once, and claim at any distance.
	MinimumNorm
)

// Entry is what the catalogue says of an attack.
type Entry struct {
	Name    string
	Title   string // as a report names it
	Paper   string // authors, year
	Family  Family
	Search  RadiusSearch
	Norms   []Norm // threats in which it is defined; nil for all
	OwnNorm Norm   // what it minimises whatever the threat, "" for the threat's norm
	// Standard and Battery are its variants in the ensembles of these names.
	Standard, Quick, Battery []Variant
	// Terms are, of an attack on geometric threats, the terms of threats that it
	// is defined for; nil of one on norms. Geometric are its variants in the
	// ensemble standard of these, UsualThreat is the threat that is meant where
	// none is given.
	Terms       []string
	Geometric   []Variant
	UsualThreat string
	New         func() Attack
}

// Defined tells whether the attack is defined for threats such as t.
func (e Entry) Defined(t Threat) bool {
	if t.IsGeometric() {
		return e.definedFor(t.Geometry)
	}
	return e.Terms == nil && (e.Norms == nil || slices.Contains(e.Norms, t.Norm))
}

var catalogue = map[reflect.Type]Entry{}

// Register adds an attack; its file calls it for a package variable.
func Register(e Entry) bool {
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

// Lookup is the catalogue's entry of the attack called name.
func Lookup(name string) (Entry, bool) {
	for _, e := range catalogue {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// About is the catalogue's entry for a.
func About(a Attack) Entry { return catalogue[reflect.TypeOf(a)] }
