package evidence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
)

// Outcome is what became of a claim.
type Outcome string

// Outcomes.
const (
	Holds         Outcome = "holds"
	Fails         Outcome = "DOES NOT HOLD"
	NotRecomputed Outcome = "not recomputed"
)

// Claim is one claim of a bundle, recomputed.
type Claim struct {
	What    string  `json:"claim"`
	Outcome Outcome `json:"outcome"`
	Detail  string  `json:"detail"`
	// Images are the places, in the data, of the first images of which it does not
	// hold.
	Images []int `json:"images,omitempty"`
}

// Verdict is what a bundle came to.
type Verdict struct {
	Bundle string  `json:"bundle"`
	Model  string  `json:"model"` // that it was verified with
	Claims []Claim `json:"claims"`
}

// Failed are the claims that do not hold.
func (v Verdict) Failed() (all []Claim) {
	for _, c := range v.Claims {
		if c.Outcome == Fails {
			all = append(all, c)
		}
	}
	return all
}

// verification recomputes a bundle.
type verification struct {
	*Bundle
	e *evaluation.Evaluator
	// known is the identity of the manifest.
	known evaluation.Identity
	// backed tells of each attack and image whether its example was verified.
	backed map[[2]int]bool
	claims []Claim
}

// Verify recomputes all claims of a bundle with the model of e, whose originals must
// be there. prove proves images again at sizes, see [evaluation.Evaluator.Reprove];
// nil where nothing is to be proven again.
func Verify(ctx context.Context, b *Bundle, e *evaluation.Evaluator, prove Prove) ([]Claim, error) {
	known, err := b.KnownIdentity()
	if err != nil {
		return nil, err
	}
	if b.Originals.Pixels == nil {
		return nil, errors.New("want the original images, got their hashes alone")
	}
	v := &verification{Bundle: b, e: e, known: known, backed: map[[2]int]bool{}}
	v.verifyFiles()
	v.verifyModel()
	v.verifyOriginals()
	for _, step := range []func(context.Context) error{v.verifyClean, v.verifyExamples} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	v.verifyFigures()
	return v.claims, v.verifyProofs(ctx, prove)
}

// add takes in a claim that holds unless something is amiss.
func (v *verification) add(what, detail string, amiss ...string) {
	c := Claim{What: what, Outcome: Holds, Detail: detail}
	if len(amiss) > 0 {
		c.Outcome, c.Detail = Fails, strings.Join(amiss, "; ")
	}
	v.claims = append(v.claims, c)
}

// verifyFiles compares the hashes of the manifest.
func (v *verification) verifyFiles() {
	var amiss []string
	for _, name := range v.damaged {
		amiss = append(amiss, name+" is not the file that the manifest names: it was changed")
	}
	v.add("files", "all are those that the manifest names", amiss...)
}

// verifyModel compares what decides the function of the model.
func (v *verification) verifyModel() {
	now, was := v.e.Model(), v.known.Model
	var amiss []string
	differ := func(what, was, now string) {
		if was != now {
			was, now = showDifference(was, now)
			amiss = append(amiss, fmt.Sprintf("%s: the evaluation was of %s, now %s", what, was, now))
		}
	}
	differ("weights", was.Weights, now.Weights)
	differ("graph", was.Graph, now.Graph)
	keys := maps.Clone(was.Config)
	maps.Copy(keys, now.Config)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		a, b := was.Config[key], now.Config[key]
		if key == encoderKey && was.Graph != "" { // the hashes tell the file, whatever its name
			a, b = experiment.WithoutFileName(a), experiment.WithoutFileName(b)
		}
		differ(key, a, b)
	}
	differ("lattice", fmt.Sprint(v.known.Attack.Lattice), fmt.Sprint(v.Record.Evaluation.Lattice))
	differ("record", v.Record.ModelHash, was.Weights)
	v.add("model", fmt.Sprintf("weights %.16s…, the graph and what configures them", now.Weights), amiss...)
}

// encoderKey is the key of the encoder, which names the file of a network.
const encoderKey = "model.encoder"

// showDifference writes two values that differ so that the difference is seen: of long
// ones what stands before it is left out but for a few characters.
func showDifference(a, b string) (string, string) {
	const longest, before = 64, 8
	x, y := []rune(a), []rune(b)
	from := 0
	if max(len(x), len(y)) > longest {
		for from < min(len(x), len(y)) && x[from] == y[from] {
			from++
		}
		from = max(0, from-before)
	}
	show := func(text []rune) string {
		if len(text) == 0 {
			return "none"
		}
		rest := files.Shorten(string(text[from:]), longest)
		if from > 0 {
			rest = "…" + rest
		}
		return fmt.Sprintf("%q", rest)
	}
	return show(x), show(y)
}
