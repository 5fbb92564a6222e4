package report

import (
	"fmt"
	"io"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
	"unwarp/tools/internal/run/config"
)

// Requirement is what became of a requirement of the configuration
// (attack.require).
type Requirement struct {
	Text string `json:"requirement"`
	Met  bool   `json:"met"`
	// Decided is the figure that decided, a side of the interval in which the share
	// of the images lies that stay right.
	Decided string `json:"decided"`
	Count   int    `json:"count"` // of it
	Of      int    `json:"of"`    // images
	// Confident tells whether the end of the figure's 95 % interval was compared,
	// for all images like these, or the figure of these images.
	Confident bool    `json:"confident"`
	Compared  float64 `json:"compared"` // the share that was compared
	Why       string  `json:"why"`      // in words
}

// Figures that decide on requirements.
const (
	decidedClean    = "accuracy without attack"
	decidedProven   = "proven lower bound"
	decidedAttacked = "the attacks' upper bound"
	decidedNothing  = "nothing"
)

// completeness is the check that asks for attacks of all kinds. It has measured no
// weakness of those that were run.
const completeness = "C35"

// JudgeRequirements says which of the requirements that are about the evaluation of
// r it meets.
func JudgeRequirements(r *Record, all []config.Requirement) []Requirement {
	j := newRequirementJudge(r)
	var out []Requirement
	for _, q := range all {
		if q.Clean {
			out = append(out, j.judgeClean(q))
			continue
		}
		if size, ok := q.At(j.threat, j.sizes); ok {
			out = append(out, j.judge(q, size))
		}
	}
	return out
}

// requirementJudge is an evaluation as requirements ask about it.
type requirementJudge struct {
	ev          *attacks.Evaluation
	threat      attacks.Threat
	sizes       []float32            // at which something is known
	certificate *certify.Certificate // of the model itself, under the threat; nil for none
	judged
	contradicted bool // an image is proven and broken at once
}

func newRequirementJudge(r *Record) *requirementJudge {
	j := &requirementJudge{ev: &r.Evaluation, threat: attacks.Threat{Norm: r.Evaluation.Norm, Geometry: r.Evaluation.Threat}, judged: judge(r.Checks)}
	j.sizes = slices.Clone(r.Evaluation.Radii)
	for k := range r.Certificates {
		c := &r.Certificates[k]
		j.contradicted = j.contradicted || len(c.Contradictions(j.ev)) > 0
		if c.Uses(j.ev) {
			j.certificate, j.sizes = c, append(j.sizes, c.Sizes...)
		}
	}
	for _, c := range r.Checks {
		j.contradicted = j.contradicted || c.ID == "C36" && c.Status == checks.Fail
	}
	return j
}

// requirementBounds are what is known of the images at a size.
type requirementBounds struct {
	proven, left int // at least and at most so many stay right
	open         int // of left, those that were not attacked to the end
}

func (j *requirementJudge) bounds(size float32) requirementBounds {
	b := requirementBounds{left: j.ev.RobustCount(size)}
	bounded := slices.DeleteFunc(j.ev.AttacksRun(), func(a int) bool { return !hasRadius(j.ev.Attacks[a]) })
	b.open = j.ev.OpenCount(size, bounded...)
	if len(bounded) == 0 { // nothing was attacked
		b.open = b.left
	}
	if j.certificate != nil {
		n := j.certificate.CountAt(size, j.ev)
		b.proven, b.left = n.Proven, j.ev.Images-n.Broken-n.Misclassified
		b.open = min(b.open, b.left-b.proven)
	}
	return b
}

// judgeClean compares the accuracy without attack.
func (j *requirementJudge) judgeClean(q config.Requirement) Requirement {
	return j.compare(q, decidedClean, j.ev.CleanCorrect, "%d of these %s are classified correctly without attack")
}

// judge compares what is known at a size.
func (j *requirementJudge) judge(q config.Requirement, size float32) Requirement {
	b := j.bounds(size)
	proven := j.compare(q, decidedProven, b.proven, "%d of these %s are proven")
	attacked := j.compare(q, decidedAttacked, b.left, "%d of these %s are left by the attacks")
	switch {
	case j.contradicted:
		return proven.refuse("an image is proven and broken at once, so no figure holds")
	case q.Side == config.Proven:
		return proven
	case q.AtMost:
		return j.judgeAtMost(q, b, proven, attacked)
	case q.Side == config.Either && proven.Met:
		return proven
	case !attacked.Met || q.Side == config.Attacked:
		return attacked
	}
	return j.judgeUnproven(q, b, attacked)
}

// judgeUnproven is the case of a share that attacks leave, and proofs do not reach:
// whether the attacks are strong enough decides.
func (j *requirementJudge) judgeUnproven(q config.Requirement, b requirementBounds, attacked Requirement) Requirement {
	incomplete := func(id string) bool { return id == completeness }
	if bad := slices.DeleteFunc(slices.Concat(j.faults, j.weakness), incomplete); len(bad) > 0 {
		return attacked.refuse(fmt.Sprintf("checks failed (%s), so the attacks may be too weak; \"attacked\" before the relation asks for this figure all the same", listSome(bad)))
	}
	if b.open > 0 && !j.compare(q, decidedAttacked, b.left-b.open, "%d of %s").Met {
		return attacked.refuse(fmt.Sprintf("%s were not attacked to the end", countImages(b.open)))
	}
	attacked.Why += ", and a stronger attack may leave fewer"
	switch {
	case j.made == 0:
		attacked.Why += "; the evaluation was not checked"
	case slices.ContainsFunc(j.weakness, incomplete):
		attacked.Why += "; not all kinds of attack were run (" + completeness + ")"
	}
	return attacked
}

// judgeAtMost is the case of a share that may not be exceeded: examples show it.
func (j *requirementJudge) judgeAtMost(q config.Requirement, b requirementBounds, proven, attacked Requirement) Requirement {
	switch {
	case len(j.faults) > 0 && q.Side == config.Either:
		return attacked.refuse(fmt.Sprintf("checks failed that touch the examples found (%s)", listSome(j.faults)))
	case !attacked.Met && b.proven > 0 && !proven.Met:
		return proven // no attack can reach it
	case !attacked.Met:
		attacked.Why += ", and a stronger attack may leave fewer"
	}
	return attacked
}

// compare compares a count of all images with the share that q asks for.
func (j *requirementJudge) compare(q config.Requirement, side string, count int, words string) Requirement {
	r := Requirement{Text: q.String(), Decided: side, Count: count, Of: j.ev.Images, Confident: q.Confident, Why: fmt.Sprintf(words, count, countImages(j.ev.Images))}
	rate := NewRate(count, j.ev.Images)
	switch r.Compared = rate.Share; {
	case q.Confident && q.AtMost:
		r.Compared = rate.High
	case q.Confident:
		r.Compared = rate.Low
	}
	const rounding = 1e-9
	if r.Met = 100*r.Compared >= q.Percent-rounding; q.AtMost {
		r.Met = 100*r.Compared <= q.Percent+rounding
	}
	r.Met = r.Met && j.ev.Images > 0
	return r
}

// refuse is r as not met, for a reason that lies beside its figure.
func (r Requirement) refuse(why string) Requirement {
	if r.Met {
		r.Decided = decidedNothing
	}
	r.Met, r.Why = false, r.Why+", but "+why
	return r
}

// Line says in one line whether the requirement is met, by which side of the
// interval, and whether the error of the sample is considered.
func (r Requirement) Line() string {
	word, sampling := "met", "sampling error not considered"
	if !r.Met {
		word = "NOT MET"
	}
	if r.Confident {
		sampling = "sampling error considered: the end of the 95 % interval counts"
	}
	decided := r.Decided + " decides"
	if r.Decided == decidedNothing {
		decided = "undecided"
	}
	return fmt.Sprintf("%s: %s: %s, %s: %s; %s", word, r.Text, formatPercent(r.Compared), decided, r.Why, sampling)
}

// ListUnmet are the requirements that are not met.
func ListUnmet(all []Requirement) (texts []string) {
	for _, r := range all {
		if !r.Met {
			texts = append(texts, r.Text)
		}
	}
	return texts
}

// printRequirements prints a line for each requirement.
func (f SummaryData) printRequirements(w io.Writer, columns int) {
	if len(f.Requirements) > 0 {
		fmt.Fprintln(w)
	}
	for _, r := range f.Requirements {
		wrapText(w, columns, "", "  ", r.Line())
	}
}
