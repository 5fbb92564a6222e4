package report

import (
	"fmt"

	"unwarp/attacks/certify"
)

// checkProofs refuses certificates that this program cannot have written.
func (r *Record) checkProofs() error {
	e := &r.Evaluation
	if n := len(e.Proven); n != 0 && n != e.Images {
		return fieldError("evaluation.proven", fmt.Sprintf("a radius for each of %d images", e.Images), n)
	}
	for i, radius := range e.Proven {
		if err := checkRange(fmt.Sprintf("evaluation.proven[%d]", i), radius, maxSize); err != nil {
			return err
		}
	}
	for k := range r.Certificates {
		if err := r.checkCertificate(&r.Certificates[k]); err != nil {
			return fmt.Errorf("certificates[%d].%w", k, err)
		}
	}
	return nil
}

func (r *Record) checkCertificate(c *certify.Certificate) error {
	if len(c.Images) != r.Evaluation.Images {
		return fieldError("images", fmt.Sprintf("one for each of %d images", r.Evaluation.Images), len(c.Images))
	}
	if err := firstError(checkRadii("sizes", c.Sizes), checkRange("seconds", c.Seconds, maxSeconds), checkRange("pixels", c.Pixels, maxSide*maxSide)); err != nil {
		return err
	}
	for i := range c.Images {
		if err := r.checkImageProof(c, i); err != nil {
			return fmt.Errorf("images[%d].%w", i, err)
		}
	}
	return nil
}

func (r *Record) checkImageProof(c *certify.Certificate, i int) error {
	p := &c.Images[i]
	if p.Index != r.Evaluation.Index[i] || p.Label != r.Evaluation.Labels[i] {
		return fmt.Errorf("index: want image %d of class %d, as the evaluation has it, got %d of %d", r.Evaluation.Index[i], r.Evaluation.Labels[i], p.Index, p.Label)
	}
	if err := firstError(checkRange("proven", p.Proven, maxSize), checkDistance("broken", p.Broken), r.checkClass("class", p.Class)); err != nil {
		return err
	}
	if c.Proves == "" && p.Correct != r.Evaluation.Correct(i) {
		return fieldError("correct", fmt.Sprint(r.Evaluation.Correct(i)), p.Correct)
	}
	for k, a := range p.Attempts {
		if a.By < 0 || a.By >= len(c.Provers) {
			return fieldError(fmt.Sprintf("attempts[%d].by", k), fmt.Sprintf("one of %d provers", len(c.Provers)), a.By)
		}
		if err := firstError(
			checkWord("status", a.Status, certify.Proven, certify.Broken, certify.Open, certify.Abstained, certify.Misclassified),
			checkRange("size", a.Size, maxSize), checkRange("radius", a.Radius, maxSize), checkRange("seconds", a.Seconds, maxSeconds),
		); err != nil {
			return fmt.Errorf("attempts[%d].%w", k, err)
		}
	}
	return nil
}
