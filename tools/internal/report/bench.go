package report

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

// BenchEntry has the fields of an entry of RobustBench (Croce et al. 2021) as its
// files have them, at one radius: shares in per cent and radii are texts. Fields of
// people and papers are left to whoever submits it.
type BenchEntry struct {
	Dataset      string `json:"dataset"`
	Threat       string `json:"threat_model"` // Linf, L2 or L1
	Eps          string `json:"eps"`
	Architecture string `json:"architecture,omitempty"`
	Clean        string `json:"clean_acc"`
	Robust       string `json:"robust_acc"` // under the protocol: an upper bound
	// AutoAttack is Robust where the protocol is standard, which is AutoAttack;
	// otherwise left out.
	AutoAttack string `json:"autoattack_acc,omitempty"`
	Protocol   string `json:"protocol"` // the name of an ensemble, or the attacks
	Images     int    `json:"images"`   // RobustBench asks for 10,000 of CIFAR, 5,000 of ImageNet
}

// benchEntries are the entries of an evaluation in a norm.
func benchEntries(f SummaryData) (all []BenchEntry) {
	name, isNorm := map[attacks.Norm]string{attacks.Linf: "Linf", attacks.L2: "L2", attacks.L1: "L1"}[f.Norm]
	if !isNorm {
		return nil
	}
	percent := func(share float64) string { return fmt.Sprintf("%.2f", 100*share) }
	protocol := protocolOf(f)
	for _, p := range f.Worst {
		e := BenchEntry{
			Dataset: f.Set, Threat: name, Eps: formatEps(p.Eps), Architecture: strings.TrimSpace(f.Kind + " " + f.Encoder),
			Clean: percent(f.Clean.Share), Robust: percent(p.Robust.Share), Protocol: protocol, Images: f.Images,
		}
		if protocol == "standard" {
			e.AutoAttack = e.Robust
		}
		all = append(all, e)
	}
	return all
}

// protocolOf is the name of the ensemble whose members are the attacks that were
// run to their end, or lists them.
func protocolOf(f SummaryData) string {
	var ran []string
	for _, a := range f.Attacks {
		ran = append(ran, a.Attack)
	}
	text := strings.Join(ran, ", ")
	for _, name := range attacks.Ensembles {
		members, _ := attacks.Ensemble(name)
		for i, m := range members {
			if a, err := attacks.Parse(m); err == nil {
				members[i] = attacks.Text(a)
			}
		}
		if slices.Equal(members, ran) {
			text = name
		}
	}
	switch {
	case f.Stopped != "":
		text += ", ended early"
	case f.Lattice != nil:
		text += ", " + f.Lattice.describeImages() + " alone"
	}
	return text
}
