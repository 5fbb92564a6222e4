package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// Level says how far the figures can be relied on.
type Level string

// Levels, from the best.
const (
	Sound     Level = "sound"     // no check found anything
	Doubtful  Level = "doubtful"  // a check warns, or none was run
	Unsound   Level = "unsound"   // a check failed
	Worthless Level = "worthless" // there is nothing to attack
)

// Verdict is what a newcomer needs to know of an evaluation.
type Verdict struct {
	Level     Level
	Trust     string   // whether the figures can be relied on
	Eps       float32  // the radius that the sentences speak of
	Left      Rate     // at that radius
	Sentences []string // three
	Notes     []string // what else keeps the figures from being read wrongly
}

// claims tells whether a report on these evaluations may use the word
// "robust": only if check C35 found the attacks good enough for it in each.
func claims(all ...Figures) bool {
	for _, f := range all {
		if !slices.ContainsFunc(f.Checks, func(c checks.Result) bool { return c.ID == "C35" && c.Status == checks.Pass }) {
			return false
		}
	}
	return len(all) > 0
}

// worstWords names the per-image worst case.
func worstWords(claim bool) string {
	if claim {
		return "robust accuracy, at most"
	}
	return "worst case per image"
}

// modest takes the word from texts of others, such as a check's advice, unless
// it is earned.
func modest(text string, claim bool) string {
	if claim {
		return text
	}
	return modestWords.Replace(text)
}

var modestWords = strings.NewReplacer(
	"robust accuracy", "accuracy under attack", "Robust accuracy", "Accuracy under attack",
	"robustness", "strength under attack", "Robustness", "Strength under attack",
	"robustly", "under attack", "robust", "strong under attack", "Robust", "Strong under attack", "ROBUST", "STRONG",
)

// Judge words the verdict on f.
func Judge(f Figures) Verdict { return judge(f, claims(f)) }

func judge(f Figures, claim bool) Verdict {
	v := Verdict{}
	v.Level, v.Trust = trust(f)
	switch {
	case f.Images == 0 || len(f.Worst) == 0 || len(f.Attacks) == 0:
		v.Level, v.Sentences = Worthless, []string{"Nothing was attacked, so nothing is known."}
		return v
	case f.Clean.Count == 0 || f.Commonest < f.Images && f.Clean.Count <= f.Commonest:
		v.Level, v.Left = Worthless, f.Worst[len(f.Worst)/2].Left
		v.Eps = f.Worst[len(f.Worst)/2].Eps
		v.Sentences = []string{
			fmt.Sprintf("Without attack the model gets %s of %s right.", percentWords(f.Clean.Share), images(f.Images)),
			"That is no better than always answering one class: it has learned nothing.",
			"Attacks on it tell nothing.",
		}
		return v
	}
	p := f.Worst[len(f.Worst)/2]
	v.Eps, v.Left = p.Eps, p.Left
	v.Sentences = []string{fmt.Sprintf("Without attack the model gets %s of %s right.", percentWords(f.Clean.Share), images(f.Images))}
	if p.Fooled.Count == 0 {
		v.Sentences = append(v.Sentences,
			fmt.Sprintf("%s, %s no right answer.", capital(changeWords(f.Norm, p.Eps)), attacksWords(f, "turned", "turned")),
			"A stronger attack may; where attacks find nothing, doubt the attacks first.")
	} else {
		v.Sentences = append(v.Sentences, fmt.Sprintf("%s is enough to bring that down to %s%s.", capital(changeWords(f.Norm, p.Eps)), percentWords(p.Left.Share), orLess(p.Left)))
		last := fmt.Sprintf("%s %s; a stronger one can only lower that.", capital(attacksWords(f, "leaves", "leave")), percentWords(p.Left.Share))
		switch {
		case p.Left.Count == 0:
			last = fmt.Sprintf("%s nothing: each image that was right is broken by at least one of them.", capital(attacksWords(f, "leaves", "leave")))
			if len(f.Attacks) == 1 {
				last = "This attack leaves nothing: it breaks each image that was right."
			}
		case claim:
			last = fmt.Sprintf("So the robust accuracy at this radius is at most %s; a stronger attack can only lower that.", percentWords(p.Left.Share))
		}
		v.Sentences = append(v.Sentences, last)
	}
	v.Notes = notes(f, p)
	return v
}

// notes are the facts without which the figures would be read wrongly.
func notes(f Figures, p Point) []string {
	var out []string
	if f.Stopped != "" {
		out = append(out, fmt.Sprintf("The evaluation ended early (%s): attempts not made: %d; with them the figures can only fall.", f.Stopped, f.Missing))
	}
	for _, a := range f.Attacks {
		var weaker []string
		than := ""
		for _, q := range a.Points {
			if q.Weaker != "" {
				weaker, than = append(weaker, epsText(q.Eps)), q.Weaker
			}
		}
		if than != "" {
			out = append(out, fmt.Sprintf("%s breaks fewer images than %s of the same size (at eps %s): this gradient does not follow the classifier.", a.Title, than, strings.Join(weaker, ", ")))
		}
		if i := slices.IndexFunc(a.Points, func(q AttackPoint) bool { return q.Eps == p.Eps }); f.Exhaustive && i >= 0 &&
			slices.Contains(a.Losses, attacks.Training) && a.Points[i].Left.Count > p.Left.Count {
			out = append(out, fmt.Sprintf("An attack along the gradient of the whole training loss leaves %s: that measures the weakness of this attack, not the strength of the model.", percentWords(a.Points[i].Left.Share)))
		}
	}
	if f.Images < 1000 {
		out = append(out, fmt.Sprintf("%s are few: with 95 %% confidence these attacks leave between %s and %s of such images.", capital(images(f.Images)), percentWords(p.Left.Low), percentWords(p.Left.High)))
	}
	return out
}

// trust says whether the figures can be relied on.
func trust(f Figures) (Level, string) {
	n := map[checks.Status]int{}
	var failed, warned []string
	for _, c := range f.Checks {
		n[c.Status]++
		switch c.Status {
		case checks.Fail:
			failed = append(failed, c.ID)
		case checks.Warn:
			warned = append(warned, c.ID)
		}
	}
	made := len(f.Checks) - n[checks.Skip]
	switch {
	case len(failed) > 0:
		return Unsound, fmt.Sprintf("Do not rely on these figures yet: %d of %d checks failed (%s).", len(failed), made, some(failed))
	case made == 0:
		return Doubtful, "The evaluation was not checked: nothing here guards against attacks that are too weak."
	case len(warned) > 0:
		return Doubtful, fmt.Sprintf("Read the warnings: %d of %d checks leave something open (%s).", len(warned), made, some(warned))
	}
	return Sound, fmt.Sprintf("%s found nothing wrong with this evaluation.", capital(plural(made, "check")))
}

// some lists a few of many.
func some(all []string) string {
	const few = 6
	if len(all) > few {
		return strings.Join(all[:few], ", ") + fmt.Sprintf(" and %d more", len(all)-few)
	}
	return strings.Join(all, ", ")
}

// changeWords is what the attacker may do.
func changeWords(norm attacks.Norm, eps float32) string {
	switch norm {
	case attacks.L2:
		return "a change of Euclidean length " + epsText(eps) + " at most"
	case attacks.L1:
		return "a change whose absolute values add up to " + epsText(eps) + " at most"
	}
	return "changing each pixel by at most " + epsText(eps)
}

// normWords names a norm for people.
func normWords(norm attacks.Norm) string {
	switch norm {
	case attacks.Linf:
		return "L∞: the largest change of a pixel value"
	case attacks.L2:
		return "L2: the Euclidean length of the change"
	case attacks.L1:
		return "L1: the sum of all changes"
	case attacks.L0:
		return "L0: the number of changed values"
	}
	return string(norm)
}

func normShort(norm attacks.Norm) string {
	if s, ok := map[attacks.Norm]string{attacks.Linf: "L∞", attacks.L2: "L2", attacks.L1: "L1", attacks.L0: "L0"}[norm]; ok {
		return s
	}
	return string(norm)
}

func attacksWords(f Figures, one, many string) string {
	if len(f.Attacks) == 1 {
		return "this attack " + one
	}
	return fmt.Sprintf("these %d attacks together %s", len(f.Attacks), many)
}

func orLess(r Rate) string {
	if r.Count == 0 {
		return ""
	}
	return " or less"
}

// epsText is a radius as people write it: 8/255 where it is one.
func epsText(eps float32) string {
	if n := float64(eps) * 255; eps < .5 && n > .5 {
		k := int(n + .5)
		if d := n - float64(k); d < 1e-3 && d > -1e-3 && k%51 != 0 {
			return fmt.Sprintf("%d/255", k)
		}
	}
	return strconv.FormatFloat(float64(eps), 'g', 4, 32)
}

func percentWords(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func images(n int) string { return plural(n, "image") }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// distanceText is a distance, or that there is none.
func distanceText(d attacks.Far) string {
	if math.IsInf(float64(number(d)), 1) {
		return "not found"
	}
	return strconv.FormatFloat(float64(d), 'g', 3, 64)
}
