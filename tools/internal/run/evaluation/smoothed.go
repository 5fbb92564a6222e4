package evaluation

import (
	"context"
	"fmt"
	"io"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/certify/smoothing"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
)

// Smoothed is the accuracy of a smoothed classifier.
type Smoothed struct {
	Method    string      `json:"method"` // with all settings
	Right     report.Rate `json:"right"`  // of all images
	Wrong     int         `json:"wrong"`
	Abstained int         `json:"abstained"` // no answer is frequent enough
}

// Smooth asks the classifier of the subject, smoothed as method says, about the
// images of set. Interrupted it keeps nothing.
func Smooth(ctx context.Context, s *experiment.Subject, set attacks.Images, method string, log io.Writer) (Smoothed, error) {
	p, closeNet, err := openSmoothed(s, method)
	if err != nil {
		return Smoothed{}, err
	}
	defer closeNet()
	out := Smoothed{Method: p.Name()}
	count := progress.Counting(log, "smoothing", "images")
	right, n := 0, set.Len()
	for i, label := range set.Labels {
		size := len(set.Pixels) / n
		q, err := p.Predict(ctx, set.Pixels[i*size:(i+1)*size], set.Index[i])
		switch {
		case err != nil:
			return out, kept(err, "interrupted; nothing is kept")
		case q.Abstained:
			out.Abstained++
		case q.Class == int(label):
			right++
		default:
			out.Wrong++
		}
		count(i+1, n)
	}
	out.Right = report.NewRate(right, n)
	return out, nil
}

// openSmoothed opens the model with the method, and refuses another one.
func openSmoothed(s *experiment.Subject, method string) (p *smoothing.Prover, closeNet func(), err error) {
	m, err := certify.Parse(method)
	if _, ok := m.(*smoothing.Settings); err == nil && !ok {
		err = fmt.Errorf("method %q: want smooth(sigma=.25), of which there is a classifier", method)
	}
	if err != nil {
		return nil, nil, experiment.NewConfigError(fmt.Errorf("--smooth: %w", err))
	}
	a := &s.Config.Attack
	a.Certify, a.Norm, a.Threat = method, attacks.L2, ""
	e := &Evaluator{subject: s}
	if e.threat, err = a.ParseThreat(); err != nil {
		return nil, nil, experiment.NewConfigError(err)
	}
	if err := e.openProver(); err != nil {
		e.Close()
		return nil, nil, err
	}
	return e.prover.(*smoothing.Prover), e.Close, nil
}

// Print writes s for a person.
func (s Smoothed) Print(w io.Writer) {
	fmt.Fprintf(w, "The smoothed classifier, by %s, classifies %.2f %% of %s correctly (95 %% interval %.2f to %.2f %%); %d wrongly, of %d it says nothing.\n",
		s.Method, 100*s.Right.Share, printable.Count(s.Right.Of, "image"), 100*s.Right.Low, 100*s.Right.High, s.Wrong, s.Abstained)
}
