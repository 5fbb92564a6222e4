package config

import (
	"fmt"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/certify/cells"
)

// AutoProof is attack.certify where it is the default of the threat.
const AutoProof = "auto"

// ProofMethod is the method by which images are proven: attack.certify, or where
// that is "" or auto the default of the threat.
func (a Attack) ProofMethod() string {
	t, err := a.ParseThreat()
	switch {
	case a.Certify != "" && a.Certify != AutoProof:
		return a.Certify
	case err == nil && t.IsGeometric():
		return cells.Name
	}
	return certify.Default
}

// ProofSizes are those at which proofs are looked for: radii, or sizes of a
// geometric threat.
func (a Attack) ProofSizes() ([]float32, error) {
	t, err := a.ParseThreat()
	if err != nil {
		return nil, err
	}
	if t.IsGeometric() {
		return a.sizes(t)
	}
	return attacks.ParseRadii(a.Eps)
}

// checkCertify refuses a method of proof that does not exist or is not for the
// threat.
func (a Attack) checkCertify() error {
	if a.Certify == "" || a.Certify == AutoProof || a.MeasuresCorruptions() {
		return nil
	}
	if _, err := certify.Parse(a.Certify); err != nil {
		return fmt.Errorf("attack.certify: %w", err)
	}
	t, err := a.ParseThreat()
	if err != nil {
		return err
	}
	if e, _ := certify.About(a.Certify); !e.Threat(t.String()) {
		return fmt.Errorf("attack.certify: %s proves nothing under %s: want one of %s, or %s", e.Name, t, strings.Join(methodsFor(t), ", "), threatsOf(e))
	}
	return nil
}

// threatsOf says which threat a method wants.
func threatsOf(e certify.Entry) string {
	var norms []string
	for _, n := range attacks.Threats {
		if e.Threat(string(n)) {
			norms = append(norms, "--norm "+string(n))
		}
	}
	if len(norms) == 0 {
		return "for " + e.Name + " a geometric --threat such as rotate(30)"
	}
	return "for " + e.Name + " " + strings.Join(norms, ", ")
}

// methodsFor are the names of the methods that prove something under a threat.
func methodsFor(t attacks.Threat) (names []string) {
	for _, e := range certify.Catalogue() {
		if e.Threat(t.String()) {
			names = append(names, e.Name)
		}
	}
	return names
}
