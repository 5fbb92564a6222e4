package certify

import (
	"slices"
	"time"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// Methods for balls, those of package bounds, from the fastest to the tightest.
// Each begins with those before it.
var (
	_ = registerBall(bounds.IBP, "interval bound propagation", "Gowal et al. 2018", func() Method { return new(ibp) })
	_ = registerBall(bounds.CROWNIBP, "CROWN over intervals by IBP", "Zhang et al. 2020", func() Method { return new(crownIBP) })
	_ = registerBall(bounds.CROWN, "CROWN", "Zhang et al. 2018", func() Method { return new(crown) })
	_ = registerBall(bounds.AlphaCROWN, "CROWN with optimised slopes", "Xu et al. 2021", func() Method { return new(alphaCROWN) })
	_ = registerBall(bounds.BranchAndBound, "branch and bound over unstable ReLUs", "Wang et al. 2021", func() Method { return new(branchAndBound) })
)

func registerBall(m bounds.Method, title, paper string, fresh func() Method) bool {
	return Register(Entry{Name: string(m), Title: title, Paper: paper, Threat: isBall, New: fresh})
}

func isBall(threat string) bool { return slices.Contains(attacks.Threats, attacks.Norm(threat)) }

// EachMethod is a method whose prover is an [EachProver]: one for balls.
type EachMethod interface {
	Method
	settings() bounds.Settings
}

type ibp struct {
	Images int `key:"batch" default:"64" in:"[1,4096]" help:"images bounded at once: a question of memory"`
}

type crownIBP struct {
	Images int    `key:"batch" default:"32" in:"[1,4096]" help:"images bounded at once: a question of memory"`
	Slopes string `key:"slopes" default:"adaptive" oneof:"adaptive zero one parallel" help:"of the lower lines of unstable ReLUs"`
}

// layerwise are the keys of methods that bound each layer by CROWN.
type layerwise struct {
	Images int    `key:"batch" default:"16" in:"[1,4096]" help:"images bounded at once: a question of memory"`
	Rows   int    `key:"rows" default:"64" in:"[2,65536]" help:"neurons of an image bounded at once, and half the domains of branch and bound: a question of memory"`
	Slopes string `key:"slopes" default:"adaptive" oneof:"adaptive zero one parallel" help:"of the lower lines of unstable ReLUs, where they are not optimised"`
}

type crown struct{ layerwise }

// ascent are the keys of the optimisation of slopes.
type ascent struct {
	Steps int     `key:"steps" default:"20" in:"[1,10000]" help:"of Adam on the slopes"`
	Rate  float64 `key:"rate" default:"0.1" in:"(0,10]" help:"of these steps"`
}

type alphaCROWN struct {
	ascent
	layerwise
}

type branchAndBound struct {
	Seconds    float64 `key:"seconds" default:"30" in:"(0,1e6]" help:"most time for an image"`
	Domains    int     `key:"domains" default:"100000" in:"[1,1e9]" help:"most domains of an image"`
	SplitSteps int     `key:"split_steps" default:"10" in:"[1,10000]" help:"of Adam on each domain"`
	SplitRate  float64 `key:"split_rate" default:"0.05" in:"(0,10]" help:"of the steps on the multipliers of splits"`
	Candidates int     `key:"candidates" default:"3" in:"[1,1000]" help:"splits tried out for each domain before one is chosen"`
	ascent
	layerwise
}

// Batch implements [Batcher].
func (m *ibp) Batch() int { return m.Images }

// Batch implements [Batcher].
func (m *crownIBP) Batch() int { return m.Images }

// Batch implements [Batcher].
func (m layerwise) Batch() int { return m.Images }

func (m *ibp) settings() bounds.Settings {
	return bounds.Settings{Method: bounds.IBP, Images: m.Images}
}

func (m *crownIBP) settings() bounds.Settings {
	return bounds.Settings{Method: bounds.CROWNIBP, Images: m.Images, Slopes: bounds.Slopes(m.Slopes)}
}

func (m layerwise) with(method bounds.Method) bounds.Settings {
	return bounds.Settings{Method: method, Images: m.Images, Rows: m.Rows, Slopes: bounds.Slopes(m.Slopes)}
}

func (m *crown) settings() bounds.Settings { return m.with(bounds.CROWN) }

func (m *alphaCROWN) settings() bounds.Settings {
	s := m.with(bounds.AlphaCROWN)
	s.Steps, s.Rate = m.Steps, m.Rate
	return s
}

func (m *branchAndBound) settings() bounds.Settings {
	s := m.with(bounds.BranchAndBound)
	s.Steps, s.Rate = m.Steps, m.Rate
	s.Time, s.Domains = time.Duration(m.Seconds*float64(time.Second)), m.Domains
	s.SplitSteps, s.SplitRate, s.Candidates = m.SplitSteps, m.SplitRate, m.Candidates
	return s
}

func (m *ibp) Declare(b *graphs.Builder, v attacks.Victim, threat string) (func(*graphs.Net) Prover, error) {
	return declareBall(b, v, threat, m.settings(), m)
}

func (m *crownIBP) Declare(b *graphs.Builder, v attacks.Victim, threat string) (func(*graphs.Net) Prover, error) {
	return declareBall(b, v, threat, m.settings(), m)
}

func (m *crown) Declare(b *graphs.Builder, v attacks.Victim, threat string) (func(*graphs.Net) Prover, error) {
	return declareBall(b, v, threat, m.settings(), m)
}

func (m *alphaCROWN) Declare(b *graphs.Builder, v attacks.Victim, threat string) (func(*graphs.Net) Prover, error) {
	return declareBall(b, v, threat, m.settings(), m)
}

func (m *branchAndBound) Declare(b *graphs.Builder, v attacks.Victim, threat string) (func(*graphs.Net) Prover, error) {
	return declareBall(b, v, threat, m.settings(), m)
}
