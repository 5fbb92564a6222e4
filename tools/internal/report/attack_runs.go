package report

import (
	"fmt"

	"unwarp/attacks"
)

// hasRadius tells whether the radii of a threat bound what an attack changes. They
// do not bound natural changes such as a rotation, nor the number of changed
// values: the accuracy under such attacks is a figure of its own.
func hasRadius(r attacks.AttackResult) bool {
	return r.HasRadius()
}

// wasRun tells whether an attack was run on an image: to its end, or until it had
// found an example.
func wasRun(r attacks.ImageResult) bool { return r.Done && !r.Skipped || r.CutShort && r.Found() }

// wasRun tells whether the attack was run on any image.
func (a AttackSummary) wasRun() bool { return a.Attempted > 0 }

// describeRuns says on how many images the attack was run, "" for all.
func (a AttackSummary) describeRuns() string {
	switch {
	case a.Attempted == 0 && a.Of == 0 && a.NotNeeded > 0:
		return "not run: nothing was left to find"
	case a.Attempted == 0:
		return "not run"
	case a.Attempted < a.Of:
		return fmt.Sprintf("ran on %d of %d", a.Attempted, a.Of)
	case a.NoRadius && a.NotNeeded > 0: // its figure is that of these images
		return fmt.Sprintf("ran on %d of %d", a.Attempted, a.Of+a.NotNeeded)
	}
	return ""
}

// label is the attack's title with what describeRuns says.
func (a AttackSummary) label() string {
	if runs := a.describeRuns(); runs != "" {
		return a.Title + " (" + runs + ")"
	}
	return a.Title
}

// attacksRun are the attacks that were run on any image: those whose changes the
// radii bound, and the others.
func (f SummaryData) attacksRun() (bounded, others []AttackSummary) {
	for _, a := range f.Attacks {
		switch {
		case !a.wasRun():
		case a.NoRadius:
			others = append(others, a)
		default:
			bounded = append(bounded, a)
		}
	}
	return bounded, others
}

// accuracyWithoutRadius is the accuracy under an attack of which found examples of
// the images that it was run on: of all images, or where it was not run on each
// that is classified correctly, of those that it was run on.
func accuracyWithoutRadius(e *attacks.Evaluation, attempted, found int) *Rate {
	of := e.Images
	if attempted < e.CleanCorrect {
		of = attempted
	}
	r := NewRate(attempted-found, of)
	return &r
}

// describeAccuracy writes the accuracy under an attack without radius.
func (a AttackSummary) describeAccuracy() string {
	text := formatPercent(a.Accuracy.Share)
	if a.describeRuns() != "" {
		text += " of the " + countImages(a.Attempted) + " that it ran on"
	}
	return text
}
