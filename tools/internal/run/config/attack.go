package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Attack says what to attack, and how.
type Attack struct {
	// Images are the first n test images; 0 takes all.
	Images int `mapstructure:"images" yaml:"images"`
	// Batch is the number of images computed at once.
	Batch int `mapstructure:"batch" yaml:"batch"`
	// Norm is linf, l2 or l1.
	Norm attacks.Norm `mapstructure:"norm" yaml:"norm"`
	// Eps lists radii in units of images in [0,1], separated by spaces.
	Eps string `mapstructure:"eps" yaml:"eps"`
	// Attacks are written as attacks.Parse reads them, or are the name of an
	// ensemble.
	Attacks []string `mapstructure:"attacks" yaml:"attacks"`
	// Exhaustive runs every attack at every radius on every image.
	Exhaustive bool `mapstructure:"exhaustive" yaml:"exhaustive"`
	// Precision of gradients: auto, float32 or bfloat16. Verdicts are always
	// in float32.
	Precision graphs.Precision `mapstructure:"precision" yaml:"precision"`
	// Passes and Minutes bound the whole evaluation; 0 for no limit.
	Passes  int     `mapstructure:"passes" yaml:"passes"`
	Minutes float64 `mapstructure:"minutes" yaml:"minutes"`
	// Checks is the number of images on which the evaluation itself is
	// checked; 0 for no checks.
	Checks int `mapstructure:"checks" yaml:"checks"`
	// Sources are the folders of other runs, for attacks by transfer; a source
	// is known by the name of its folder.
	Sources []string `mapstructure:"sources" yaml:"sources"`
	// Baseline is the folder of an undefended run with an evaluation of its
	// own, for checks that compare.
	Baseline string `mapstructure:"baseline" yaml:"baseline"`
	// Defence is a broken one put around the model: none, quantise, scale or
	// noise. It shows what the checks find.
	Defence string `mapstructure:"defence" yaml:"defence"`
}

// DefaultAttack is few attacks that take seconds.
func DefaultAttack() Attack {
	return Attack{
		Images: 1000, Batch: 128, Norm: attacks.Linf, Eps: ".1 .2 .3 .4 .5",
		Attacks:   []string{"random", "fgsm", "fgsm(loss=training)", "bim(preset=split,steps=10)"},
		Precision: graphs.AutoPrecision, Checks: 100, Sources: []string{}, Defence: "none",
	}
}

// Ensembles are lists of attacks with a name of their own.
var Ensembles = map[string][]string{
	// Croce and Hein 2020, with their settings.
	"standard": standard,
	// Everything, the cheap and strong first: what they break the others do
	// not see. Attacks that would take hours are given fewer steps.
	"battery": slices.Concat([]string{
		"random(draws=10)", "fgsm", "fgsm(loss=margin)", "fgsm(loss=training)", "rfgsm", "bim", "bim(loss=training)", "mifgsm",
		"pgd(steps=100,restarts=5)",
	}, standard, []string{
		"apgd(loss=dlr)", "mixed", "codes", "codes(code=appearance)", "codes(code=geometry)", "codes(towards=away)",
		"square", "deepfool", "ddn", "fmn", "cw(search=5,steps=1000)", "ead(search=5,steps=300)", "jsma",
		"nes", "spsa(steps=40)", "hopskipjump(steps=20,budget=10000)", "boundary(steps=5000)", "substitute",
		"uniform", "gaussian", "saltpepper", "localsearch(rounds=50)", "localsearch",
		"spatial", "flow", "corruption",
	}),
}

var standard = []string{"apgd", "apgd-t", "fab(targets=9)", "square(short=true)"}

// Defences are the values of attack.defence.
var Defences = []string{"none", "quantise", "scale", "noise"}

// Check refuses what cannot work, whatever the model is.
func (a Attack) Check() error {
	if a.Batch < 1 {
		return fmt.Errorf("attack.batch: want at least 1, got %d", a.Batch)
	}
	if !slices.Contains(attacks.Threats, a.Norm) {
		return fmt.Errorf("attack.norm: want one of %v, got %q", attacks.Threats, a.Norm)
	}
	eps, err := attacks.ParseRadii(a.Eps)
	if err == nil {
		err = attacks.Threat{Norm: a.Norm, Lo: 0, Hi: 1}.Admits(eps)
	}
	if err != nil {
		return fmt.Errorf("attack.%w", err)
	}
	switch {
	case a.Images < 0:
		return fmt.Errorf("attack.images: want 0 (all) or more, got %d", a.Images)
	case a.Passes < 0:
		return fmt.Errorf("attack.passes: want 0 (no limit) or more, got %d", a.Passes)
	case !(a.Minutes >= 0 && a.Minutes < 1e6):
		return fmt.Errorf("attack.minutes: want 0 (no limit) or more, got %g", a.Minutes)
	case a.Checks < 0:
		return fmt.Errorf("attack.checks: want 0 (no checks) or a number of images, got %d", a.Checks)
	case !slices.Contains(Defences, a.Defence):
		return fmt.Errorf("attack.defence: want one of %s, got %q", strings.Join(Defences, ", "), a.Defence)
	}
	if _, err := graphs.SessionOptions(graphs.Options{Precision: a.Precision}); err != nil {
		return fmt.Errorf("attack.%w", err)
	}
	_, err = a.list()
	return err
}

// list parses the attacks.
func (a Attack) list() ([]attacks.Attack, error) {
	var out []attacks.Attack
	for _, text := range a.Attacks {
		texts, ok := Ensembles[strings.TrimSpace(text)]
		if !ok {
			texts = []string{text}
		}
		for _, text := range texts {
			k, err := attacks.Parse(text)
			if err != nil {
				return nil, fmt.Errorf("attack.attacks: %w", err)
			}
			out = append(out, k)
		}
	}
	return out, nil
}

// Options are the engine's options for a victim. What an ensemble holds that
// is not defined for the norm or for the victim, which may lack a code or
// classes, is left out and named in skipped; an attack named by itself is not.
func (a Attack) Options(v attacks.Victim) (o attacks.Options, skipped []string, err error) {
	o = attacks.Options{Batch: a.Batch, Exhaustive: a.Exhaustive, Passes: a.Passes, Time: time.Duration(a.Minutes * float64(time.Minute))}
	if o.Eps, err = attacks.ParseRadii(a.Eps); err != nil {
		return o, nil, fmt.Errorf("attack.%w", err)
	}
	for _, text := range a.Attacks {
		one := a
		one.Attacks = []string{text}
		list, err := one.list()
		if err != nil {
			return o, nil, err
		}
		_, ensemble := Ensembles[strings.TrimSpace(text)]
		for _, k := range list {
			if ensemble && !defined(k, a.Norm, v) {
				skipped = append(skipped, attacks.Text(k))
				continue
			}
			o.Attacks = append(o.Attacks, k)
		}
	}
	return o, skipped, nil
}

func defined(k attacks.Attack, n attacks.Norm, v attacks.Victim) bool {
	if norms := attacks.About(k).Norms; norms != nil && !slices.Contains(norms, n) {
		return false
	}
	for _, l := range k.Needs(v) {
		if !v.Offers(l) {
			return false
		}
	}
	f, ok := k.(attacks.Fitter)
	return !ok || f.Fits(v.Classes) == nil
}
