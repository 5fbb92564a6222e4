package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"unwarp/pipelines"
	"unwarp/tools/internal/drawing"
	"unwarp/trainer"
)

const someMetrics = `{"kind":"train","step":2,"rate":0.1,"loss":3,"classification":2,"reconstruction":1,"accuracy":0.5}
{"kind":"validation","step":2,"evaluation":{"accuracy":0.6,"loss":1.5,"attacked":{"accuracy":0.2}}}
{"kind":"train","step":4,"rate":0.05,"loss":2,"classification":1,"reconstruction":1}
{"kind":"train","st`

// The curves are those of the file; a line that was cut off and values that earlier
// versions did not write are passed over.
func TestTrainingCurves(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, trainer.MetricsFile), []byte(someMetrics), 0o666); err != nil {
		t.Fatal(err)
	}
	lines, err := readTraining(filepath.Join(dir, trainer.MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, p := range trainingCurves(lines).Panels {
		for _, c := range p.Curves {
			got += fmt.Sprintln(p.Title, c.Name, c.X, c.Y, c.Points)
		}
	}
	const want = `Loss training, all terms [2 4] [3 2] false
Loss validation, cross-entropy [2] [1.5] true
Loss classification [2 4] [2 1] false
Loss reconstruction [2 4] [1 1] false
Accuracy training [2] [0.5] false
Accuracy validation [2] [0.6] true
Accuracy under attack [2] [0.2] true
Learning rate  [2 4] [0.1 0.05] false
`
	if got != want {
		t.Errorf("want\n%sgot\n%s", want, got)
	}
	if err := os.Mkdir(filepath.Join(dir, PicturesDir), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteCurves(dir); err != nil {
		t.Error(err)
	}
	if got := averageBy([]float64{1, 3, 5, 7, 9}, 2); !slices.Equal(got, []float64{2, 6, 9}) {
		t.Errorf("averages %v", got)
	}
}

// The accuracy of single steps is drawn as the mean of those around; at the ends there are
// fewer.
func TestSmoothCurve(t *testing.T) {
	c := drawing.Curve{Name: "training"}
	for i := range 50 {
		c.X, c.Y = append(c.X, float64(i)), append(c.Y, float64(i%2))
	}
	got := smoothCurve(c)
	if got.Name != "training, mean of 5 values" || got.Y[0] != 1./3 || got.Y[10] != .4 || got.Y[11] != .6 || got.Y[49] != 2./3 || c.Y[10] != 0 {
		t.Errorf("%s: %v", got.Name, got.Y)
	}
	short := drawing.Curve{Name: "a", Y: []float64{1, 2}, X: []float64{1, 2}}
	if got := smoothCurve(short); got.Name != "a" || got.Y[1] != 2 {
		t.Errorf("%+v", got)
	}
}

// fromFiles is a source whose images have files.
type fromFiles struct {
	pipelines.Source
	names []string
}

func (f fromFiles) Len() int              { return len(f.names) }
func (f fromFiles) FileName(i int) string { return f.names[i] }

// A mistake is named by its file, or by its number where it has none or one that
// the font lacks; of too many classes and without mistakes nothing is drawn.
func TestMistakeNames(t *testing.T) {
	src := fromFiles{names: []string{"a/cat.png", "", "b/数字.png", "0"}}
	for i, want := range []string{"cat.png", "image 1", "image 2", "0"} {
		if got := imageName(src, i); got != want {
			t.Errorf("image %d: want %q, got %q", i, want, got)
		}
	}
	if m := DrawMistakes("test", trainer.Evaluation{}, nil, src, pipelines.Shape{H: 2, W: 2, C: 1}); m != nil {
		t.Error("want no picture of no mistake")
	}
	if m := DrawConfusion("test", nil, trainer.Evaluation{Confusion: make([][]int, 5000)}); m != nil {
		t.Error("want no picture of 5,000 classes")
	}
}
