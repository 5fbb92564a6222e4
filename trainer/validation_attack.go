package trainer

import (
	"fmt"
	"strings"

	"unwarp/graphs/spec"
)

// ValidationAttack is the attack of evaluation during training: projected
// gradient descent from a random point ([PGD]) on the classification loss. It
// compares one moment of a run with another and chooses the best checkpoint;
// robustness is measured by the attacks package. The zero value is auto.
type ValidationAttack struct {
	Off    bool     // no attack
	Eps    float32  `key:"eps" required:".3" in:"(0,1e6]" help:"largest change of an image, in units of images in [0,1]"`
	Steps  int      `key:"steps" in:"[1,10000]" default:"10" help:"gradients per image"`
	Alpha  Positive `key:"alpha" help:"size of a step; 2.5·eps/steps unless given, at most eps"`
	Norm   string   `key:"norm" oneof:"linf l2" default:"linf" help:"of the change of an image"`
	Images int      `key:"images" in:"[0,2147483647]" default:"1000" help:"the first so many validation images; 0: all"`
}

// Texts of a [ValidationAttack] without parameters.
const (
	validationAuto = "auto"
	validationOff  = "off"
)

var validationAttacks = []spec.Kind[*ValidationAttack]{{Name: "pgd", New: func() *ValidationAttack { return new(ValidationAttack) }}}

// Validate fills in alpha.
func (v *ValidationAttack) Validate() error {
	if v.Alpha == 0 {
		v.Alpha = crossingStep(v.Eps, v.Steps)
	}
	return nil
}

// ParseValidationAttack reads
//
//	auto                                    the norm and eps of train.adversary; off without one
//	off                                     no attack
//	pgd(eps=.3,steps=10,alpha=.075,norm=linf,images=1000)
//
// of which only eps is needed: 10 steps of 2.5·eps/steps in L-inf on the first
// 1000 images otherwise.
func ParseValidationAttack(text string) (ValidationAttack, error) {
	switch text = strings.TrimSpace(text); text {
	case "", validationAuto:
		return ValidationAttack{}, nil
	case validationOff:
		return ValidationAttack{Off: true}, nil
	}
	if name, _, _ := strings.Cut(text, "("); strings.TrimSpace(name) != "pgd" {
		return ValidationAttack{}, fmt.Errorf("want auto, off or pgd(...), got %q", name)
	}
	v, err := spec.Parse(text, validationAttacks)
	if err != nil {
		return ValidationAttack{}, suggest(err)
	}
	return *v, nil
}

// resolve replaces auto by an attack with the norm and eps of the adversary, or
// by none.
func (v ValidationAttack) resolve(beside Adversary) ValidationAttack {
	if v.Off || v.On() {
		return v
	}
	if beside.Off() {
		return ValidationAttack{Off: true}
	}
	m := beside.settings()
	return ValidationAttack{Norm: m.Norm, Eps: m.eps, Alpha: crossingStep(m.eps, 10), Steps: 10, Images: 1000}
}

// On reports whether a resolved value attacks.
func (v ValidationAttack) On() bool { return v.Norm != "" }

// pgd is the attack as a method of adversarial training.
func (v ValidationAttack) pgd() *PGD {
	return &PGD{
		Eps: v.Eps, Steps: v.Steps, Alpha: v.Alpha,
		Followed: Followed{Classification}, Common: Common{Norm: v.Norm, Target: Adversarial},
	}
}

func (v ValidationAttack) check() error {
	w, err := ParseValidationAttack(v.String())
	if err != nil {
		return fmt.Errorf("train.attacked: %w", err)
	}
	if w != v {
		return fmt.Errorf("train.attacked: want a value as ParseValidationAttack makes it, got %+v: take %+v", v, w)
	}
	return nil
}

// String writes all that [ParseValidationAttack] reads.
func (v ValidationAttack) String() string {
	switch {
	case v.Off:
		return validationOff
	case !v.On():
		return validationAuto
	}
	return spec.FullText("pgd", &v)
}

// MarshalText is String, for configuration files.
func (v ValidationAttack) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText is [ParseValidationAttack], for configuration files.
func (v *ValidationAttack) UnmarshalText(text []byte) error {
	w, err := ParseValidationAttack(string(text))
	if err == nil {
		*v = w
	}
	return err
}
