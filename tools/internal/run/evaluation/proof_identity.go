package evaluation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"unwarp/attacks"
)

// ProofIdentity is everything that decides proofs. It stands at the head of their
// journal.
type ProofIdentity struct {
	Model ModelIdentity `json:"model"`
	Data  DataIdentity  `json:"data"`
	Proof ProofSettings `json:"proof"`
}

// ProofSettings say what is proven, and how.
type ProofSettings struct {
	Threat  string `json:"threat"`
	Eps     string `json:"eps"`
	Method  string `json:"method"`
	Radius  bool   `json:"radius"`
	Lattice int    `json:"lattice,omitempty"`
	Shard   string `json:"shard,omitempty"`
	Defence string `json:"defence,omitempty"`
}

// proofIdentity is that of proofs of set.
func (e *Evaluator) proofIdentity(set attacks.Images, o Options) ProofIdentity {
	c := e.subject.Config.Attack
	return ProofIdentity{e.model, e.identifyData(set), ProofSettings{e.threat.String(), e.askedSizes(), e.prover.Name(), o.Radius, e.threat.Lattice, o.Shard.String(), c.Defence}}
}

// sizeUnit is that of a geometric threat, "" for radii.
func (e *Evaluator) sizeUnit() string {
	if e.threat.IsGeometric() {
		return e.threat.Geometry.Unit()
	}
	return ""
}

// askedSizes are the sizes that the configuration asks for, as written.
func (e *Evaluator) askedSizes() string {
	if e.threat.IsGeometric() {
		return e.subject.Config.Attack.Sizes
	}
	return e.subject.Config.Attack.Eps
}

// FunctionHash is that of all that decides what the model computes of an image;
// certificates name it.
func (e *Evaluator) FunctionHash() (string, error) {
	raw, err := json.Marshal(struct {
		Model   ModelIdentity
		Defence string
	}{e.model, e.subject.Config.Attack.Defence})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), err
}
