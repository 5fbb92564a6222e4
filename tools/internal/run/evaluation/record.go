package evaluation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/tools/internal/shell"
)

// Record is the evaluation with all that is needed to repeat it.
func (e *Evaluator) Record(ctx context.Context, set attacks.Images, ev *attacks.Evaluation) (report.Record, error) {
	other, err := e.subject.Differs(ctx, experiment.AttackedPart)
	if err != nil {
		return report.Record{}, err
	}
	asked, err := e.asked()
	if err != nil {
		return report.Record{}, err
	}
	kind, encoder := e.describe()
	s, c, sh := e.subject.Source, e.subject.Config, e.subject.Model.Shape()
	return report.Record{Format: report.RecordFormat, About: report.About{
		Run: filepath.Base(filepath.Clean(s.Path())), Kind: kind, Encoder: encoder, Checkpoint: s.Checkpoint(),
		Set: c.Data.Set, Part: experiment.AttackedPart, OtherData: other, Shape: [3]int{sh.H, sh.W, sh.C}, Classes: e.subject.Model.Classes(), ClassNames: e.classNames(),
		ModelHash: e.Weights, DataHash: HashData(set), Version: doctor.ReadBuild("").Unwarp, TensorFlow: tf.Version(),
		Asked: asked, Machine: machine(), Seed: c.Seed, Precision: string(e.GradientModel.Net.Precision), Date: time.Now().UTC().Truncate(time.Second),
		Command: shell.Unwarp(os.Args[1:]...),
	}, Evaluation: *ev}, nil
}

// asked are the sizes that the configuration asks for, ascending, each once.
func (e *Evaluator) asked() ([]float32, error) {
	all, err := e.subject.Config.Attack.ProofSizes()
	if err != nil {
		return nil, experiment.NewConfigError(err)
	}
	return slices.Compact(slices.Sorted(slices.Values(all))), nil
}

// describe is the kind of the model, with the defence around it, and its encoder.
func (e *Evaluator) describe() (kind, encoder string) {
	kind, encoder = e.subject.Describe()
	return report.NameDefended(kind, e.subject.Config.Attack.Defence), encoder
}

// describes tells whether r is of the same kind of model, and of a network from elsewhere
// with the same pixels.
func (e *Evaluator) describes(r report.Record) bool {
	kind, encoder := e.describe()
	return r.Kind == kind && (!experiment.IsForeign(e.subject.Source) || r.Encoder == encoder)
}

// classNames are those of the data set, where it has one for each class of the
// model.
func (e *Evaluator) classNames() []string {
	names := pipelines.ClassNames(e.subject.Data.Test)
	if len(names) != e.subject.Model.Classes() {
		return nil
	}
	return names
}

// machine is the processor in words.
func machine() string {
	return fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(doctor.Features(), " "))
}
