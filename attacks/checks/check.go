package checks

import (
	"slices"
	"strings"

	"unwarp/attacks"
)

// Check looks for one way in which an evaluation can be wrong.
type Check struct {
	ID        string // C and two digits
	Title     string
	Threshold string // what is wanted
	Source    string // paper or tool that the check comes from

	needs   needs
	follows attacks.Loss // loss whose gradient the check follows, "" for none
	// attacks, if not nil, lists attacks to run on the sample in the probe run.
	attacks func(c *checkContext) []string
	judge   func(c *checkContext) (verdict, error)
}

// needs are flags of what a check cannot do without.
type needs int

const (
	needsEvaluation  needs = 1 << iota
	needsModel             // to run, with at least one correctly classified image
	needsAttempts          // an evaluation in which an attack was run
	needsBaseline          // the evaluation of an undefended model
	needsDeterminism       // a model that computes the same logits each time
)

// verdict is what a check's judge returns.
type verdict struct {
	status    Status
	value     string
	images    []int // places in the data
	advice    string
	threshold string // what was wanted, where that is not the check's
}

// skip is the verdict of a check that does not apply.
func skip(reason string) (verdict, error) { return verdict{status: Skip, value: reason}, nil }

// Sources.
const (
	carlini     = "Carlini et al. 2019, "
	autoattack  = "AutoAttack (Croce and Hein 2020), "
	ioaf        = "Pintor et al. 2022, Indicators of Attack Failure, "
	art         = "Adversarial Robustness Toolbox, "
	zimmermann  = "Zimmermann et al. 2022, active tests"
	thisProject = "this project"
)

var registered []Check

// register adds a check; its file calls it for a package variable.
func register(k Check) bool {
	registered = append(registered, k)
	return true
}

// All lists the checks in the order of their ids.
func All() []Check {
	all := slices.Clone(registered)
	slices.SortFunc(all, func(a, b Check) int { return strings.Compare(a.ID, b.ID) })
	return all
}
