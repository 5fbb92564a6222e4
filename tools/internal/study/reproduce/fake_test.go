package reproduce

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study/paper"
	"unwarp/trainer"
)

// writeDigits writes a folder with a set of 40 images of noise in MNIST's format.
func writeDigits(t *testing.T, seed byte) (data string) {
	t.Helper()
	data = t.TempDir()
	dir := filepath.Join(data, "mnist")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const n = 40
	images, labels := []byte{}, []byte{}
	for _, v := range []uint32{0x803, n, 28, 28} {
		images = binary.BigEndian.AppendUint32(images, v)
	}
	for _, v := range []uint32{0x801, n} {
		labels = binary.BigEndian.AppendUint32(labels, v)
	}
	for i := range n {
		labels = append(labels, byte(i%10))
		for p := range 28 * 28 {
			images = append(images, byte(i*p)+seed)
		}
	}
	for name, raw := range map[string][]byte{
		"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels,
		"t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// fakeWorker writes run folders without a model, and lists what it was asked
// for.
type fakeWorker struct {
	calls   []string
	configs map[string]config.Config // of Evaluate, by title
	stopAt  string                   // the call that fails, half done
}

var errStopped = errors.New("stopped")

func (w *fakeWorker) call(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	w.calls = append(w.calls, text)
	if text == w.stopAt {
		return errStopped
	}
	return nil
}

// setWeights writes a checkpoint whose weights are text.
func setWeights(dir, text string) error {
	step := filepath.Join(dir, trainer.CheckpointsDir, "step-00000001")
	if err := os.MkdirAll(step, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(step, "variables.data-00000-of-00001"), []byte(text), 0o644),
		os.WriteFile(filepath.Join(dir, trainer.CheckpointsDir, trainer.Last), []byte("step-00000001\n"), 0o644))
}

func (w *fakeWorker) Train(ctx context.Context, c config.Config, resume bool) error {
	if !resume {
		if _, err := experiment.NewFolder(c); err != nil {
			return err
		}
	}
	name := filepath.Base(c.Run)
	if err := setWeights(c.Run, name); err != nil {
		return err
	}
	if err := w.call("train %s resume %t", name, resume); err != nil {
		return err
	}
	data, err := experiment.OpenData(ctx, c.Data)
	if err != nil {
		return err
	}
	hash, err := experiment.Fingerprint(data.Train)
	if err != nil {
		return err
	}
	raw, _ := json.Marshal(map[string]string{"data_hash": hash})
	return os.WriteFile(filepath.Join(c.Run, "summary.json"), raw, 0o644)
}

func (w *fakeWorker) CountCorrect(_ context.Context, c config.Config) (Accuracy, error) {
	hash, err := experiment.WeightsHash(c.Run, trainer.Last)
	if err != nil {
		return Accuracy{}, err
	}
	a := Accuracy{ModelHash: hash, Train: 40, Classes: 10, Parts: map[string]paper.Count{"test": {Right: testRight, Images: testImages}}}
	return a, w.call("count %s", filepath.Base(c.Run))
}

// Of testImages the fake models classify testRight correctly, and under every
// attack 10 + 4k fewer at radius k.
const (
	testImages = 40
	testRight  = 30
)

func (w *fakeWorker) Evaluate(_ context.Context, c config.Config, title, folder string) (*attacks.Evaluation, error) {
	if err := w.call("evaluate %s on %s", title, filepath.Base(c.Run)); err != nil {
		return nil, err
	}
	if w.configs == nil {
		w.configs = map[string]config.Config{}
	}
	w.configs[title] = c
	images := testImages
	if n := c.Attack.Images; n > 0 {
		images = min(images, n)
	}
	right := images * testRight / testImages
	ev := &attacks.Evaluation{Norm: attacks.Linf, Images: images, CleanCorrect: right}
	for i := range images {
		ev.Labels, ev.Index, ev.Clean = append(ev.Labels, 1), append(ev.Index, i), append(ev.Clean, int32(1+i/right))
	}
	for _, text := range c.Attack.Attacks {
		a, err := attacks.Parse(text)
		if err != nil {
			return nil, err
		}
		s := attacks.AttackResult{Attack: attacks.Text(a), Family: attacks.WhiteBox, Norm: attacks.Linf, Results: make([]attacks.ImageResult, images)}
		for _, eps := range strings.Fields(c.Attack.Eps) {
			v, err := strconv.ParseFloat(eps, 32)
			if err != nil {
				return nil, err
			}
			s.Radii = append(s.Radii, float32(v))
		}
		ev.Radii = s.Radii
		for i := range right {
			tried := ""
			for k := range s.Radii {
				tried += string("01"[min(1, (10+4*k)/(i+1))])
			}
			s.Results[i] = attacks.ImageResult{Done: true, Tried: tried}
		}
		ev.Attacks = append(ev.Attacks, s)
	}
	hash, err := experiment.WeightsHash(c.Run, trainer.Last)
	if err != nil {
		return nil, err
	}
	kind := report.NameDefended("base", c.Attack.Defence)
	record := report.Record{About: report.About{ModelHash: hash, Part: "test", Kind: kind}, Evaluation: *ev}
	return ev, report.Save(folder, record, report.Images{})
}
