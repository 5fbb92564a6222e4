package trainer

import (
	"errors"
	"fmt"
	"strings"

	"unwarp/graphs/bounds"
	"unwarp/graphs/spec"
)

// Verification says how evaluation counts the images for which it is proven that
// no change up to eps alters their class. The zero value is auto.
type Verification struct {
	Off    bool          // no verification
	Method bounds.Method // IBP or CROWNIBP
	Eps    float32       `key:"eps" required:".3" in:"[0,1e6]" help:"largest change of an image, in units of images in [0,1]"`
	Norm   bounds.Norm   `key:"norm" oneof:"linf l2 l1" default:"linf" help:"of the change of an image"`
	Images int           `key:"images" in:"[0,2147483647]" default:"0" help:"the first so many images; 0: all"`
}

// Texts of a [Verification] without parameters.
const (
	verificationAuto = "auto"
	verificationOff  = "off"
)

var verifications = []spec.Kind[*Verification]{
	{Name: string(bounds.IBP), New: func() *Verification { return &Verification{Method: bounds.IBP} }},
	{Name: string(bounds.CROWNIBP), New: func() *Verification { return &Verification{Method: bounds.CROWNIBP} }},
}

// ParseVerification reads
//
//	auto                                  ibp with the eps and norm of train.certified; off without it
//	off                                   no verification
//	ibp(eps=.3,norm=linf,images=0)        interval bound propagation
//	crown-ibp(eps=.3,norm=linf,images=0)  and CROWN over its intervals where that leaves an image open
//
// of which only eps is needed.
func ParseVerification(text string) (Verification, error) {
	switch text = strings.TrimSpace(text); text {
	case "", verificationAuto:
		return Verification{}, nil
	case verificationOff:
		return Verification{Off: true}, nil
	}
	v, err := spec.Parse(text, verifications)
	var unknown *spec.UnknownError
	if errors.As(err, &unknown) && unknown.What == "" {
		return Verification{}, fmt.Errorf("want auto, off, ibp(...) or crown-ibp(...), got %q", unknown.Got)
	}
	if err != nil {
		return Verification{}, suggest(err)
	}
	return *v, nil
}

// resolve replaces auto by IBP at the radius of certified training, or by none.
func (v Verification) resolve(beside Certified) Verification {
	if v.Off || v.On() {
		return v
	}
	if beside.Off() {
		return Verification{Off: true}
	}
	c := beside.settings()
	return Verification{Method: bounds.IBP, Eps: c.eps, Norm: bounds.Norm(c.norm)}
}

// On reports whether a resolved value verifies.
func (v Verification) On() bool { return v.Method != "" }

func (v Verification) check() error {
	w, err := ParseVerification(v.String())
	if err != nil {
		return fmt.Errorf("train.verified: %w", err)
	}
	if w != v {
		return fmt.Errorf("train.verified: want a value as ParseVerification makes it, got %+v: take %+v", v, w)
	}
	return nil
}

// String writes all that [ParseVerification] reads.
func (v Verification) String() string {
	switch {
	case v.Off:
		return verificationOff
	case !v.On():
		return verificationAuto
	}
	return spec.FullText(string(v.Method), &v)
}

// MarshalText is String, for configuration files.
func (v Verification) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText is [ParseVerification], for configuration files.
func (v *Verification) UnmarshalText(text []byte) error {
	w, err := ParseVerification(string(text))
	if err == nil {
		*v = w
	}
	return err
}
