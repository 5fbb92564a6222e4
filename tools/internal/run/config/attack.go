package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"unwarp/attacks"
	_ "unwarp/attacks/certify/smoothing" // a method of proof
	"unwarp/attacks/defences"
	"unwarp/attacks/engine"
	_ "unwarp/attacks/library" // every configuration can name all attacks
	"unwarp/graphs"
	"unwarp/graphs/spec"
	"unwarp/pipelines"
)

// Attack says what to attack, and how.
type Attack struct {
	// Images is how many test images to attack, the first ones. 0: all.
	Images int `mapstructure:"images" yaml:"images" in:"[0,1e8]"`
	// Batch is the number of images computed at once, at most as many as there
	// are.
	Batch int `mapstructure:"batch" yaml:"batch" in:"[1,1e9]"`
	// Threat is what may change: linf, l2 or l1; a geometric threat, rotate(30),
	// translate(3px), translate(3px,whole), scale(.1), shear(.1), a sum of these
	// such as rotate+translate(30,3px), field(2px) or field(2px,smooth), each with
	// border=edge or border=zero; or corruption, which takes
	// corruption(kinds=blur jpeg,severities=1 5). "": what norm says.
	Threat string `mapstructure:"threat" yaml:"threat"`
	// Sizes is the list of sizes at which a geometric threat is evaluated,
	// separated by spaces: degrees of a rotation, pixels of a translation or a
	// field, shares of a scale or of a sum, slopes of a shear. "": five up to all of
	// it.
	Sizes string `mapstructure:"sizes" yaml:"sizes"`
	// Corruptions is a folder of corrupted test images, as MNIST-C and CIFAR-10-C
	// come: a folder for each kind with test_images.npy and test_labels.npy, or a
	// file for each kind with the severities one after the other and labels.npy.
	// "": unwarp corrupts the test images itself.
	Corruptions string `mapstructure:"corruptions" yaml:"corruptions"`
	// Norm is the norm of the perturbation: linf, l2 or l1, over all pixels and
	// channels.
	Norm attacks.Norm `mapstructure:"norm" yaml:"norm"`
	// Eps is the list of radii, the largest norms of a perturbation, separated
	// by spaces. Pixels are in [0,1]; 8/255 is understood.
	Eps string `mapstructure:"eps" yaml:"eps"`
	// Attacks is the list of attacks, each written as its name with what
	// differs from its defaults in brackets, pgd(steps=100), or as the name of
	// an ensemble: standard (AutoAttack), quick (a short form) or
	// battery (nearly all attacks). unwarp attack --list shows them.
	Attacks []string `mapstructure:"attacks" yaml:"attacks"`
	// Lattice is L where examples count only if all of their values are k/L: 255 for
	// images that an 8-bit file holds. What an attack claims is rounded, and repaired
	// where rounding takes it back over the boundary. 0: any values. Norms only.
	Lattice int `mapstructure:"lattice" yaml:"lattice" in:"[0,65535]"`
	// Exhaustive runs every attack at every radius on every image. Without it
	// an attack runs only on images, and at radii, at which the attacks before
	// it did not succeed.
	Exhaustive bool `mapstructure:"exhaustive" yaml:"exhaustive"`
	// Precision is that of gradients: auto, float32 or bfloat16. Whether an
	// attack succeeded is always computed in float32.
	Precision graphs.Precision `mapstructure:"precision" yaml:"precision"`
	// Passes is the largest number of forward and backward passes of all attacks;
	// of one that asks for nothing but verification, those that verify. The checks
	// come after it. 0: no limit.
	Passes int `mapstructure:"passes" yaml:"passes" in:"[0,1e12]"`
	// Minutes is the longest time that the attacks may take; the checks come after
	// it. 0: no limit.
	Minutes float64 `mapstructure:"minutes" yaml:"minutes" in:"[0,1e6]"`
	// Checks is the number of images on which the evaluation itself is checked.
	// 0: no checks.
	Checks int `mapstructure:"checks" yaml:"checks" in:"[0,1e6]"`
	// Sources are the run folders or exports from which attacks transfer. An
	// attack names a source by the last part of its path.
	Sources []string `mapstructure:"sources" yaml:"sources"`
	// Baseline is the folder of an undefended run that has an evaluation of its
	// own, with which a check compares. "": none.
	Baseline string `mapstructure:"baseline" yaml:"baseline"`
	// Certify is the method by which images are proven to be classified correctly
	// within eps before they are attacked: ibp, crown-ibp, crown, alpha-crown,
	// branch-and-bound or input-split, with what differs from its defaults in brackets,
	// branch-and-bound(seconds=60). Proven images are not attacked. unwarp certify
	// --list shows all keys. Of geometric threats: cells. auto: alpha-crown, or cells.
	// "": no proofs.
	Certify string `mapstructure:"certify" yaml:"certify"`
	// Defence is a defence that is known to fail, put around the model to show what
	// attacks and checks find: none; quantise, scale, noise, which only hide the
	// gradient; or a published one, bits(depth=3), jpeg(quality=75),
	// tv(weight=.03,drop=.5), sap(samples=1).
	Defence string `mapstructure:"defence" yaml:"defence"`
	// Require is what the evaluation must reach: a threat, its size, and the share
	// of the images that stays right, linf .1 >= 70%, rotate(30) 10 <= 20%; before
	// the relation proven asks for the proven lower bound alone, attacked for what
	// the attacks leave whatever checks say, confident for 95 % confidence; clean
	// >= 95% is the accuracy without attack. Where one is not met, unwarp attack
	// and unwarp certify end with exit code 5.
	Require []string `mapstructure:"require" yaml:"require"`
}

// DefaultAttack is few attacks that take seconds.
func DefaultAttack() Attack {
	return Attack{
		Images: 1000, Batch: 128, Norm: attacks.Linf, Eps: ".1 .2 .3 .4 .5",
		Attacks:   []string{"random", "fgsm", "fgsm(loss=training)", "bim(preset=split,steps=10)"},
		Precision: graphs.AutoPrecision, Checks: 100, Sources: []string{}, Defence: "none", Require: []string{},
	}
}

// Check refuses what cannot work, whatever the model is.
func (a Attack) Check() error {
	if err := spec.CheckRanges("attack", a); err != nil {
		return err
	}
	if slices.Contains(attacks.Threats, attacks.Norm(a.Threat)) {
		a.Norm = attacks.Norm(a.Threat) // what eps counts
	}
	if !slices.Contains(attacks.Threats, a.Norm) {
		return fmt.Errorf("attack.norm: want one of %v, got %q", attacks.Threats, a.Norm)
	}
	eps, err := attacks.ParseRadii(a.Eps)
	if err == nil {
		err = attacks.Threat{Norm: a.Norm, Lo: 0, Hi: 1, Lattice: a.Lattice}.Admits(eps)
	}
	if err != nil {
		return fmt.Errorf("attack.%w", err)
	}
	if err := a.checkThreat(); err != nil {
		return err
	}
	if _, err := defences.Parse(a.Defence); err != nil {
		return fmt.Errorf("attack.defence: %w", suggestName(err, nil))
	}
	if _, err := graphs.SessionOptions(graphs.Options{Precision: a.Precision}); err != nil {
		return fmt.Errorf("attack.%w", err)
	}
	if err := a.checkCertify(); err != nil {
		return err
	}
	if _, err := a.Requirements(); err != nil {
		return err
	}
	_, err = a.list()
	return err
}

// list parses the attacks.
func (a Attack) list() ([]attacks.Attack, error) {
	var out []attacks.Attack
	for _, text := range a.Attacks {
		list, _, err := parseMembers(text)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// parseMembers parses one attack, or the members of an ensemble.
func parseMembers(text string) (list []attacks.Attack, ensemble bool, err error) {
	members, ensemble := attacks.Ensemble(strings.TrimSpace(text))
	if _, moved := isMoved(text); moved {
		return nil, false, nil
	}
	if !ensemble {
		members = []string{text}
	}
	for _, member := range members {
		a, err := attacks.Parse(member)
		err = suggestName(err, attacks.Ensembles)
		if err != nil {
			return nil, false, fmt.Errorf("attack.attacks: %w", err)
		}
		list = append(list, a)
	}
	return list, ensemble, nil
}

// Options are the engine's options for a victim. Members of an ensemble that
// are not defined for the norm or for the victim, which may lack a code or
// classes, are left out and named in skipped; an attack named by itself is not.
func (a Attack) Options(v attacks.Victim) (o engine.Options, skipped []string, err error) {
	o = engine.Options{Batch: a.Batch, Exhaustive: a.Exhaustive, Passes: a.Passes, Time: time.Duration(a.Minutes * float64(time.Minute))}
	t, err := a.ParseThreat()
	if err != nil {
		return o, nil, err
	}
	if t.IsGeometric() {
		return a.geometricOptions(o, t, v)
	}
	if o.Eps, err = attacks.ParseRadii(a.Eps); err != nil {
		return o, nil, fmt.Errorf("attack.%w", err)
	}
	var followers []string // of a gradient that is not to be trusted, or readers of scores
	var asked string       // as which the first of them was asked for
	for _, text := range a.Attacks {
		if other, moved := isMoved(text); moved {
			skipped = append(skipped, fmt.Sprintf("%s: no norm bounds it: evaluate the threat %s", text, other))
			continue
		}
		list, ensemble, err := parseMembers(text)
		if err != nil {
			return o, nil, err
		}
		for _, k := range list {
			if followsFault(k, v) {
				if !ensemble && !slices.Contains(DefaultAttack().Attacks, text) {
					return o, nil, wantsGradient(attacks.Text(k), v)
				}
				if len(followers) == 0 {
					asked = text
				}
				followers = append(followers, attacks.About(k).Name)
				continue
			}
			if ensemble && !isDefined(k, t, v) {
				skipped = append(skipped, fmt.Sprintf("%s is not defined for this model in %s", attacks.Text(k), t))
				continue
			}
			o.Attacks = append(o.Attacks, k)
		}
	}
	if len(followers) > 0 {
		if a.areUsual() {
			o.Attacks = append(o.Attacks, withoutGradient(t, v)...)
		}
		if len(o.Attacks) == 0 {
			return o, nil, wantsGradient(asked, v)
		}
		skipped = append(skipped, fmt.Sprintf("attacks that follow %s: %s", whatLacks(v), strings.Join(slices.Compact(followers), ", ")))
	}
	return o, skipped, nil
}

// areUsual tells whether the attacks are those of the defaults: nobody has named any.
// Networks of other programs have no training loss, and so none that follows it.
func (a Attack) areUsual() bool {
	usual := slices.DeleteFunc(DefaultAttack().Attacks, func(text string) bool {
		return strings.Contains(text, "loss=training") && !slices.Contains(a.Attacks, text)
	})
	return slices.Equal(a.Attacks, usual)
}

// withoutGradient are the attacks that stand for the usual ones where these would follow a
// gradient that the victim does not have: one on scores, one on the predicted class.
func withoutGradient(t attacks.Threat, v attacks.Victim) (list []attacks.Attack) {
	for _, text := range []string{"square(queries=1000)", "hopskipjump(steps=20,budget=2000)"} {
		if k, err := attacks.Parse(text); err == nil && isDefined(k, t, v) {
			list = append(list, k)
		}
	}
	return list
}

// whatLacks is what a victim does not have.
func whatLacks(v attacks.Victim) string {
	if v.ClassAlone {
		return "a gradient or scores, of which the model gives none"
	}
	return "a gradient which is not the model's"
}

// followsFault tells whether k follows the gradient of a victim that has a wrong one, or
// reads scores of one that has none.
func followsFault(k attacks.Attack, v attacks.Victim) bool {
	fault := v
	fault.GradientFault, fault.ClassAlone = "", false
	return fault.OffersAll(k) && !v.OffersAll(k)
}

// wantsGradient refuses an attack that follows a gradient, or reads scores.
func wantsGradient(text string, v attacks.Victim) error {
	if v.ClassAlone {
		return fmt.Errorf("attack.attacks: want attacks that need the predicted class alone, such as hopskipjump, boundary or random, got %.40q: %.160s", text, v.GradientFault)
	}
	return fmt.Errorf("attack.attacks: want attacks that need no gradient of this model, such as square, hopskipjump or random, got %.40q: %.160s", text, v.GradientFault)
}

func isDefined(k attacks.Attack, t attacks.Threat, v attacks.Victim) bool {
	if k.Settings().Gradient == attacks.StraightThrough && !v.StraightThroughDiffers {
		return false // the same attack with plain gradients is a member too
	}
	return attacks.About(k).Defined(t) && v.OffersAll(k) && attacks.CheckClasses(k, v.Classes) == nil
}

// suggestName adds the nearest of the known names to an error about an unknown
// one.
func suggestName(err error, more []string) error {
	var unknown *spec.UnknownError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w%s", err, pipelines.DidYouMean(unknown.Got, append(unknown.Known, more...), "%q"))
	}
	return err
}
