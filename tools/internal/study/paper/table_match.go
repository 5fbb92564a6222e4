package paper

import "fmt"

// Radii between which the strengths are sought that our base networks need.
var (
	digitGrid = []float32{.01, .02, .03, .04, .05, .06, .08, .1, .12, .14, .16, .18, .2, .22, .25, .28, .32, .36, .4, .45, .5, .6, .7, .85, 1}
	faceGrid  = []float32{.001, .002, .004, .006, .008, .01, .0125, .015, .02, .025, .03, .04, .05}
	photoGrid = []float32{.0005, .001, .002, .003, .004, .006, .008, .01, .012, .016, .02, .03, .04, .06, .1}
)

// fgsmSteps stands for FGSM where BIM's number of steps is asked for.
const fgsmSteps = 0

// bimText is BIM as the paper counts it: steps of eps, of which the last iterate
// counts. wholeBIMText follows the gradient of the whole training loss.
func bimText(steps int) string { return fmt.Sprintf("bim(preset=paper,steps=%d,count=last)", steps) }
func wholeBIMText(steps int) string {
	return fmt.Sprintf("bim(loss=training,preset=paper,steps=%d,count=last)", steps)
}

// matched adds the comparison at equal strength for FGSM or some numbers of steps
// of BIM. The arms are those of the rows that repeat the paper's.
func (t Table) matched(grid []float32, steps ...int) Table {
	for _, n := range steps {
		label, plain, whole := "", "fgsm", "fgsm(loss=training)"
		if n != fgsmSteps {
			label, plain, whole = fmt.Sprintf(" (%d)", n), bimText(n), wholeBIMText(n)
		}
		base, other := "base CNN"+label, "disentangled"+label
		baseArm, arm := t.row(base + ", " + classifierReading).Cells[0].Arm, t.row(other + ", " + classifierReading).Cells[0].Arm
		t.Matches = append(t.Matches, Match{
			Label: label, Grid: grid, Base: Curve{base, baseArm, plain}, Paper: t.row(base + ", *paper*").Paper,
			Others:      []Curve{{other + ", " + wholeLoss, arm, whole}, {other + ", " + classifierReading, arm, plain}},
			OthersPaper: t.row(other + ", *paper*").Paper,
		})
	}
	return t
}
