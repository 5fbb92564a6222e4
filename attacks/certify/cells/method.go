package cells

import (
	"time"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/geometry"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
	"unwarp/graphs/spec"
)

// Name is that of the method in the catalogue of proofs.
const Name = "cells"

var _ = certify.Register(certify.Entry{
	Name: Name, Title: "cells of a geometric threat", Paper: "Balunović et al. 2019",
	Threat: func(text string) bool { _, err := geometry.Parse(text); return err == nil },
	New:    func() certify.Method { return new(Method) },
})

// Method is a [certify.Method] for geometric threats.
type Method struct {
	By      string  `key:"by" default:"auto" oneof:"auto ibp crown-ibp crown alpha-crown branch-and-bound" help:"how the margins of a cell are bounded; auto: crown-ibp, of fields alpha-crown"`
	Cells   int     `key:"cells" default:"20000" in:"[1,1e9]" help:"most cells of an image"`
	Seconds float64 `key:"seconds" default:"60" in:"(0,1e6]" help:"most time for an image"`
	Tries   int     `key:"tries" default:"400" in:"[2,1e6]" help:"points of the grid on which examples are looked for first"`
	Batch   int     `key:"batch" default:"128" in:"[1,4096]" help:"cells bounded at once"`
}

// bounds is the method by which margins are bounded.
func (m *Method) bounds(t geometry.Threat) bounds.Method {
	switch {
	case m.By != "auto" && m.By != "":
		return bounds.Method(m.By)
	case t.IsField():
		return bounds.AlphaCROWN
	}
	return bounds.CROWNIBP
}

func (m *Method) time() time.Duration { return time.Duration(m.Seconds * float64(time.Second)) }

// name says what decides the results: how much is computed at once does not.
func (m *Method) name() string { return spec.FullText(Name, m, "batch") }

// Declare implements [certify.Method] for a threat that [geometry.Parse] reads.
func (m *Method) Declare(b *graphs.Builder, v attacks.Victim, threat string) (func(*graphs.Net) certify.Prover, error) {
	t, err := geometry.Parse(threat)
	if err != nil {
		return nil, err
	}
	p, err := declare(b, v, t, m)
	if err != nil {
		return nil, err
	}
	return func(net *graphs.Net) certify.Prover {
		opened := *p
		opened.net = net
		return &opened
	}, nil
}
