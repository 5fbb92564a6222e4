package evaluation

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/setup/doctor"
)

// Record is the evaluation with all that is needed to repeat it.
func (e *Evaluator) Record(set attacks.Images, ev *attacks.Evaluation) report.Record {
	s, c, sh := e.subject.Source, e.subject.Config, e.subject.Model.Shape()
	kind := c.Model.Kind
	if d := c.Attack.Defence; d != "none" && d != "" {
		kind += " behind " + d
	}
	return report.Record{About: report.About{
		Run: filepath.Base(filepath.Clean(s.Path())), Kind: kind, Encoder: c.Model.Encoder, Checkpoint: s.Checkpoint(),
		Set: c.Data.Set, Part: "test", Shape: [3]int{sh.H, sh.W, sh.C}, Classes: e.subject.Model.Classes(),
		ModelHash: e.Weights, DataHash: hashData(set), Version: doctor.ReadBuild("").Unwarp, TensorFlow: tf.Version(),
		Machine: machine(), Seed: c.Seed, Precision: string(e.GradientModel.Net.Precision), Date: time.Now().UTC().Truncate(time.Second),
		Command: strings.Join(append([]string{"unwarp"}, os.Args[1:]...), " "),
	}, Evaluation: *ev}
}

// machine is the processor in words.
func machine() string {
	return fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(doctor.Features(), " "))
}
