package checks

import (
	"math"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

var never = attacks.Distance(math.Inf(1))

// handmadeEvaluation is an evaluation that no engine made. All of its images are
// correctly classified; each attack succeeds on as many as the test says.
type handmadeEvaluation struct{ *attacks.Evaluation }

func newEvaluation(n int, radii ...float32) handmadeEvaluation {
	ev := &attacks.Evaluation{Norm: attacks.Linf, Radii: radii, Exhaustive: true, Images: n, CleanCorrect: n}
	for i := range n {
		ev.Labels, ev.Clean, ev.Index = append(ev.Labels, int32(i%4)), append(ev.Clean, int32(i%4)), append(ev.Index, 100+i)
	}
	return handmadeEvaluation{ev}
}

// add adds an attack that succeeds on the first successes[k] images at radius k.
func (e handmadeEvaluation) add(t *testing.T, text string, successes ...int) handmadeEvaluation {
	t.Helper()
	a := attacktest.Parse(t, text)[0]
	about := attacks.About(a)
	s := attacks.AttackResult{
		Attack: attacks.Text(a), Name: about.Name, Family: about.Family, Search: about.Search, Norm: e.Norm,
		Params: attacks.Params(a), Losses: a.Losses(attacks.Victim{Classes: 4}), Radii: e.Radii,
	}
	for i := range e.Images {
		at := attacks.ImageResult{Done: true, Distance: never, ThreatDistance: never, Effort: &attacks.Effort{Passes: 5000, Moved: 3, Rise: 1, First: 2}}
		for k := len(successes) - 1; k >= 0; k-- {
			mark := "0"
			if i < successes[k] {
				mark = "1"
				at.ThreatDistance = attacks.Distance(e.Radii[k])
				at.Distance = at.ThreatDistance
			}
			at.Tried = mark + at.Tried
		}
		if s.Search == attacks.MinimumNorm {
			at.Tried = ""
		}
		s.Results = append(s.Results, at)
	}
	e.Attacks = append(e.Attacks, s)
	return e
}

// last is the attack added last.
func (e handmadeEvaluation) last() *attacks.AttackResult { return &e.Attacks[len(e.Attacks)-1] }

// runCheck runs one check on the evaluation alone.
func (e handmadeEvaluation) runCheck(t *testing.T, id string, base ...handmadeEvaluation) Result {
	t.Helper()
	in := Input{Evaluation: e.Evaluation}
	if len(base) > 0 {
		in.Baseline = base[0].Evaluation
	}
	return runChecks(t, in, id)[id]
}
