package report

import (
	"fmt"
	"slices"
)

// Level says how far the results can be trusted.
type Level string

// Levels, best first.
const (
	Sound     Level = "sound"     // no check found a fault
	Broken    Level = "broken"    // no image is left, whatever the checks say
	Doubtful  Level = "doubtful"  // a check warns, or none was run
	Unsound   Level = "unsound"   // a check failed that bears on the figures
	Worthless Level = "worthless" // no attack was run, or the model has learned nothing
)

// Verdict is the result of an evaluation in a few sentences.
type Verdict struct {
	Level     Level
	Trust     string      // whether the results can be trusted, "" where there are none
	Eps       float32     // the radius of the sentences
	Proof     *ProofPoint // where there are proofs: what is known at Eps; Robust is nil then
	Robust    *Rate       // classified correctly at that radius, or under the attack Under; nil where nothing was attacked
	Under     string      // an attack without radius, where no other was run
	Sentences []string    // at most five
	Notes     []string    // facts without which the results would be misread
}

// mayClaimRobustness tells whether a report on these evaluations may use the word
// "robust": only if each of them may at some radius.
func mayClaimRobustness(all ...SummaryData) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(f SummaryData) bool { return !slices.Contains(f.MayClaim, true) })
}

// newVerdict returns the verdict on f; claim tells whether it may use the word
// "robust".
func newVerdict(f SummaryData, claim bool) Verdict {
	v := findVerdict(f, claim)
	v.Notes = slices.Concat(listProvenance(f), v.Notes)
	return v
}

// findVerdict is newVerdict without what the results are of.
func findVerdict(f SummaryData, claim bool) Verdict {
	bounded, others := f.attacksRun()
	clean := fmt.Sprintf("Without attack the model classifies %s of %s correctly.", formatPercent(f.Clean.Share), countImages(f.Images))
	switch {
	case len(f.Contradicted) > 0:
		return contradictedVerdict(f)
	case f.leadsByProofs():
		return proofVerdict(f, clean)
	case f.Images == 0 || len(f.Attacks) == 0:
		if c := f.otherModelsCertificate(); c != nil {
			return otherModelsVerdict(*c)
		}
		nothing := "Nothing was attacked, so nothing is known."
		if len(f.Certificates) > 0 {
			nothing = "Nothing was attacked: all that is known is what is proven."
		}
		return Verdict{Level: Worthless, Sentences: []string{nothing}}
	case f.Clean.Count == 0:
		return Verdict{Level: Worthless, Sentences: []string{clean, "No image was there to attack, so nothing is known."}}
	case f.Chance.isReached(f.Clean):
		return Verdict{Level: Worthless, Sentences: []string{clean, f.Chance.describe(f.Clean), "Attacks on it show nothing."}}
	case len(bounded)+len(others) == 0:
		return Verdict{Level: Worthless, Sentences: []string{clean, "No attack ended or found anything, so nothing else is known."}, Notes: listStop(f)}
	case len(f.Worst) == 0:
		v := Verdict{Sentences: []string{clean, describeOthers(others)}, Notes: slices.Concat(listStop(f), listFew(f, lowest(others)))}
		v.Under, v.Robust = others[lowestIndex(others)].Title, lowest(others)
		v.Level, v.Trust = rateTrust(f, nil)
		return v
	}
	k := f.headline()
	p := f.Worst[k]
	v := Verdict{Eps: p.Eps, Robust: &p.Robust, Sentences: append([]string{clean}, describeEffect(f, p, bounded, claim && f.MayClaim[k])...)}
	v.Sentences = append(v.Sentences, f.describeLattice(p.Eps)...)
	v.Level, v.Trust = rateTrust(f, &k)
	if len(others) > 0 {
		v.Sentences = append(v.Sentences, describeOthers(others))
	}
	v.Notes = listNotes(f, p, bounded)
	return v
}

// headline is the place in Worst of the radius that the verdict names: of those
// with the accuracy of the middle one the smallest, or where nothing was found the
// largest.
func (f SummaryData) headline() int {
	if of := f.askedPlaces(); len(of) < len(f.Worst) {
		g := f
		g.Worst = nil
		for _, k := range of {
			g.Worst = append(g.Worst, f.Worst[k])
		}
		return of[g.headline()]
	}
	k := len(f.Worst) / 2
	same := func(i int) bool { return f.Worst[i].Robust.Count == f.Worst[k].Robust.Count }
	if f.Worst[k].Misclassified.Count == 0 {
		for k+1 < len(f.Worst) && same(k+1) {
			k++
		}
		return k
	}
	for k > 0 && same(k-1) {
		k--
	}
	return k
}

// askedPlaces are the places in Worst of the radii that were asked for; of all where
// none was. Attacks may have radii of their own beside them.
func (f SummaryData) askedPlaces() []int {
	var of, all []int
	for k, p := range f.Worst {
		all = append(all, k)
		if slices.Contains(f.Asked, p.Eps) {
			of = append(of, k)
		}
	}
	if len(of) == 0 {
		return all
	}
	return of
}

// describeEffect says what the attacks reached at one radius.
func describeEffect(f SummaryData, p Point, ran []AttackSummary, claim bool) []string {
	change, attacks := capitalise(f.measure().describeChange(p.Eps)), describeAttacks(len(ran))
	if f.isExact() {
		return describeExact(p, change)
	}
	if p.Misclassified.Count == 0 {
		return []string{
			fmt.Sprintf("%s, %s changed no correct prediction.", change, attacks),
			"A stronger attack may; where attacks find nothing, suspect the attacks first.",
		}
	}
	effect := fmt.Sprintf("%s is enough to reduce that to %s%s.", change, formatPercent(p.Robust.Share), boundSuffix(p.Robust))
	switch {
	case p.Robust.Count == 0 && len(ran) == 1:
		return []string{effect, "Under this attack each image that was classified correctly is misclassified."}
	case p.Robust.Count == 0:
		return []string{effect, fmt.Sprintf("Each image that was classified correctly is misclassified under at least one of these %d attacks.", len(ran))}
	case claim:
		return []string{effect, fmt.Sprintf("So the robust accuracy at this radius is at most %s; a stronger attack can only lower that.", formatPercent(p.Robust.Share))}
	}
	return []string{effect, fmt.Sprintf("The accuracy under %s is %s; a stronger attack can only lower that.", attacks, formatPercent(p.Robust.Share))}
}

// describeOthers says what attacks reached whose changes no radius bounds.
func describeOthers(all []AttackSummary) string {
	var words []string
	for _, a := range all {
		words = append(words, fmt.Sprintf("%s under %s", a.describeAccuracy(), a.Title))
	}
	return "Changes that no radius bounds have figures of their own: the accuracy is " + listSome(words) + "."
}

// lowestIndex is the place of the attack without radius under which the accuracy
// is lowest.
func lowestIndex(all []AttackSummary) int {
	k := 0
	for i, a := range all {
		if a.Accuracy.Share < all[k].Accuracy.Share {
			k = i
		}
	}
	return k
}

// lowest is the accuracy of lowestIndex.
func lowest(all []AttackSummary) *Rate { return all[lowestIndex(all)].Accuracy }
