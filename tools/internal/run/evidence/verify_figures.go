package evidence

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/tools/internal/report"
)

// verifiedRecord is the record with results alone whose example was verified.
func (v *verification) verifiedRecord() report.Record {
	r := v.Record
	r.Evaluation.Attacks = slices.Clone(r.Evaluation.Attacks)
	for a := range r.Evaluation.Attacks {
		results := slices.Clone(r.Evaluation.Attacks[a].Results)
		for i := range results {
			if !v.backed[[2]int{a, i}] {
				results[i].Distance, results[i].ThreatDistance = attacks.NoDistance, attacks.NoDistance
			}
		}
		r.Evaluation.Attacks[a].Results = results
	}
	return r
}

// verifyFigures computes the figures from the verified results of the images.
func (v *verification) verifyFigures() {
	r := v.verifiedRecord()
	var amiss []string
	now := figuresOf(&r)
	if now.Images != v.Figures.Images || now.CleanCorrect != v.Figures.CleanCorrect {
		amiss = append(amiss, fmt.Sprintf("%d of %d images correct without attack, claimed %d of %d", now.CleanCorrect, now.Images, v.Figures.CleanCorrect, v.Figures.Images))
	}
	amiss = append(amiss, compareFigures("under attack", v.Figures.Attacked, now.Attacked)...)
	amiss = append(amiss, compareFigures("by proofs", v.Figures.Proven, now.Proven)...)
	detail := "they follow from the results of the images"
	for _, f := range now.Attacked {
		detail += fmt.Sprintf("; at %g %d of %d left", f.Size, f.Left, now.Images)
	}
	if v.Farther > 0 {
		detail += fmt.Sprintf("; %d results count at the distance of the example that is stored", v.Farther)
	}
	v.add("figures", detail, amiss...)
	v.verifyRequirements(&r)
}

// compareFigures says which figures differ.
func compareFigures(what string, claimed, now []Figure) (amiss []string) {
	if len(claimed) != len(now) {
		return []string{fmt.Sprintf("%s: %d figures follow, claimed are %d", what, len(now), len(claimed))}
	}
	for k, f := range claimed {
		if !reflect.DeepEqual(f, now[k]) {
			amiss = append(amiss, fmt.Sprintf("%s at %g: %d left, %d open, %d proven follow, claimed %d, %d, %d", what, now[k].Size, now[k].Left, now[k].Open, now[k].Proven, f.Left, f.Open, f.Proven))
		}
	}
	return amiss
}

// verifyRequirements judges the requirements of the record anew.
func (v *verification) verifyRequirements(r *report.Record) {
	if len(r.Requirements) == 0 {
		return
	}
	all, err := parseRequirements(r.Requirements)
	if err != nil {
		v.add("requirements", "", err.Error())
		return
	}
	var amiss []string
	now := report.JudgeRequirements(r, all)
	for k, q := range now {
		if q.Met != r.Requirements[k].Met || q.Count != r.Requirements[k].Count {
			amiss = append(amiss, fmt.Sprintf("%s: %d images, met: %v, claimed %d, %v", q.Text, q.Count, q.Met, r.Requirements[k].Count, r.Requirements[k].Met))
		}
	}
	if len(now) != len(r.Requirements) {
		amiss = append(amiss, fmt.Sprintf("%d are about this evaluation, claimed are %d", len(now), len(r.Requirements)))
	}
	v.add("requirements", fmt.Sprintf("%d judged anew, with the checks that the record has", len(now)), amiss...)
}

// Prove proves images again, each at a size, 0 for none. It returns what was proven
// when ctx ends.
type Prove func(ctx context.Context, set attacks.Images, sizes []float32) ([]bool, error)

// verifyProofs asks of certificates whether they are of this model and these images
// and contradict no example, and proves again what a cheap method can.
func (v *verification) verifyProofs(ctx context.Context, prove Prove) error {
	model, err := v.e.FunctionHash()
	if err != nil {
		return err
	}
	for k := range v.Record.Certificates {
		c := &v.Record.Certificates[k]
		what := fmt.Sprintf("proofs, %s by %.40s", c.Threat, c.Method)
		var amiss []string
		if c.Model != model || c.Data != v.Record.DataHash {
			amiss = append(amiss, "they are of another model or of other images")
		}
		if bad := c.Contradictions(&v.Record.Evaluation); len(bad) > 0 {
			amiss = append(amiss, fmt.Sprintf("%d images are proven and broken at once", len(bad)))
		}
		v.add(what, "of this model and these images, and no example contradicts them", amiss...)
		v.nameOwnExamples(what, c)
		if err := v.proveAgain(ctx, what, c, prove); err != nil {
			return err
		}
	}
	return nil
}

// nameOwnExamples says how many images a method of proof has broken by examples of
// its own, which are not stored.
func (v *verification) nameOwnExamples(what string, c *certify.Certificate) {
	n := 0
	for _, p := range c.Images {
		if p.Broken < attacks.NoDistance {
			n++
		}
	}
	if n > 0 {
		v.claims = append(v.claims, Claim{What: what, Outcome: NotRecomputed, Detail: fmt.Sprintf("%d images broken by examples of the method itself, which are not stored", n)})
	}
}

// proveAgain proves the images of a certificate again, and says of how many proofs
// that was not done.
func (v *verification) proveAgain(ctx context.Context, what string, c *certify.Certificate, prove Prove) error {
	sizes := make([]float32, len(c.Images))
	claimed, again := 0, 0
	for i, p := range c.Images {
		if sizes[i] = p.Proven; p.Proven > 0 {
			claimed++
		}
	}
	if claimed == 0 {
		return nil
	}
	why := "the method that proves again left them open, or had no time"
	if prove == nil || !c.IsBall() || c.Proves != "" || c.Threat != certify.ThreatOf(&v.Record.Evaluation) {
		why = "there is no cheap proof of them"
	} else {
		done, err := prove(ctx, v.Originals, sizes)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			why = err.Error()
		}
		for _, ok := range done {
			if ok {
				again++
			}
		}
	}
	if again > 0 {
		v.add(what, fmt.Sprintf("%d of %d proofs made again", again, claimed))
	}
	if again < claimed {
		v.claims = append(v.claims, Claim{What: what, Outcome: NotRecomputed, Detail: fmt.Sprintf("%d of %d proofs: %s", claimed-again, claimed, why)})
	}
	return nil
}
