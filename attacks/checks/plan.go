package checks

import (
	"fmt"
	"strconv"
	"strings"

	"unwarp/attacks"
)

// plan is the iterative gradient attack whose settings are on trial: the one of
// the evaluation with most steps, or PGD with the step of Madry et al. if it
// has none.
type plan struct {
	name     string
	loss     attacks.Loss
	steps    int
	alpha    float32 // 0 where the attack adapts it
	restarts int
	eot      int
	clean    bool // it starts at the image
}

// plan reads it off the evaluation.
func (x *exam) plan() plan {
	best := plan{name: "pgd", loss: attacks.Classification, steps: 100, alpha: x.Eps / 40, restarts: 1, eot: 1} // 2.5 eps/steps
	found := 0
	if x.ev == nil {
		return best
	}
	for _, s := range x.ev.Series {
		p, ok := x.read(s)
		if work := p.steps * p.restarts; ok && work > found {
			best, found = p, work
		}
	}
	return best
}

// read takes the settings of a series; what is 0 there is what the attack's
// help says.
func (x *exam) read(s attacks.Series) (plan, bool) {
	p := plan{name: s.Name, loss: attacks.Loss(setting(s, "loss")), steps: whole(s, "steps"), restarts: max(1, whole(s, "restarts")), eot: max(1, whole(s, "eot"))}
	alpha, _ := strconv.ParseFloat(setting(s, "alpha"), 32)
	p.alpha = float32(alpha)
	switch s.Name {
	case "bim":
		a, err := attacks.Parse(s.Attack)
		if b, ok := a.(*attacks.BIM); err == nil && ok {
			p.steps, p.alpha = b.Plan(x.Eps)
		}
		p.name, p.clean = "pgd", true // which from the image is BIM
	case "pgd":
		steps, part := 50, map[attacks.Norm]float32{attacks.Linf: 30, attacks.L2: 40, attacks.L1: 10}
		if x.threat.Norm == attacks.Linf {
			steps = 40
		}
		p.steps = orDefault(p.steps, steps)
		if p.alpha == 0 {
			p.alpha = x.Eps / part[x.threat.Norm]
		}
		p.clean = setting(s, "start") == "clean"
	case "mifgsm":
		if p.alpha == 0 {
			p.alpha = x.Eps / float32(max(1, p.steps))
		}
	case "apgd":
		p.alpha = 0
		p.steps = orDefault(p.steps, 100)
	default:
		return p, false
	}
	return p, setting(s, "target") == ""
}

// text writes the plan as Parse reads it.
func (p plan) text() string {
	kv := []string{"loss=" + string(p.loss), "steps=" + strconv.Itoa(p.steps)}
	if p.name != "apgd" {
		kv = append(kv, "alpha="+format(p.alpha))
	}
	if p.name == "pgd" || p.name == "apgd" {
		kv = append(kv, "restarts="+strconv.Itoa(p.restarts))
	}
	if p.clean {
		kv = append(kv, "start=clean")
	}
	if p.eot > 1 {
		kv = append(kv, "eot="+strconv.Itoa(p.eot))
	}
	return fmt.Sprintf("%s(%s)", p.name, strings.Join(kv, ","))
}

// started is the plan from random points, which the momentum method has not.
func (p plan) started(restarts int) plan {
	if p.name != "apgd" {
		p.name = "pgd"
	}
	p.clean, p.restarts = false, restarts
	return p
}

func format(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// setting is the value of a hyper-parameter of a series, "" without.
func setting(s attacks.Series, key string) string {
	for _, p := range s.Params {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

func whole(s attacks.Series, key string) int {
	v, _ := strconv.Atoi(setting(s, key))
	return v
}
