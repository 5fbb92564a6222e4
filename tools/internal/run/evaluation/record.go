package evaluation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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
	s, c, sh := e.subject.Source, e.subject.Config, e.subject.Model.Shape()
	return report.Record{Format: report.RecordFormat, About: report.About{
		Run: filepath.Base(filepath.Clean(s.Path())), Kind: e.kind(), Encoder: c.Model.Encoder, Checkpoint: s.Checkpoint(),
		Set: c.Data.Set, Part: experiment.AttackedPart, OtherData: other, Shape: [3]int{sh.H, sh.W, sh.C}, Classes: e.subject.Model.Classes(), ClassNames: e.classNames(),
		ModelHash: e.Weights, DataHash: hashData(set), Version: doctor.ReadBuild("").Unwarp, TensorFlow: tf.Version(),
		Machine: machine(), Seed: c.Seed, Precision: string(e.GradientModel.Net.Precision), Date: time.Now().UTC().Truncate(time.Second),
		Command: shell.Unwarp(os.Args[1:]...),
	}, Evaluation: *ev}, nil
}

// kind is that of the model, with the defence around it.
func (e *Evaluator) kind() string {
	kind := e.subject.Config.Model.Kind
	if d := e.subject.Config.Attack.Defence; d != "none" && d != "" {
		kind += " behind " + d
	}
	return kind
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
