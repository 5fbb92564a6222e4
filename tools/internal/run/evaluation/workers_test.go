package evaluation

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/cluster/clustertest"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// workersSubject is the subject of these tests, with a pool for each precision.
func workersSubject(t *testing.T, workers ...*clustertest.Worker) *experiment.Subject {
	s := subject(fewAttacks(func(a *config.Attack) {
		a.Attacks = []string{"random", "fgsm", "pgd(steps=5)", "apgd(steps=9)", "square(queries=60)"}
		a.Precision = graphs.AutoPrecision
	}))
	if len(workers) > 0 {
		s.Config.Workers, s.Config.Cluster.Elastic = clustertest.Addresses(t, workers...), true
	}
	return s
}

func evaluateOnWorkers(t *testing.T, s *experiment.Subject, log io.Writer) map[string]any {
	t.Helper()
	e, err := New(t.Context(), s, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	folder := t.TempDir()
	if _, err := e.Run(t.Context(), someImages(), Options{Folder: folder, Log: log}); err != nil {
		t.Fatal(err)
	}
	return withoutTimes(t, folder)
}

// killer is a log that kills a worker when the attacks begin.
type killer struct {
	bytes.Buffer
	t      *testing.T
	worker *clustertest.Worker
}

func (k *killer) Write(p []byte) (int, error) {
	if k.worker != nil && bytes.Contains(p, []byte("attacking")) {
		k.worker.Kill(k.t)
		k.worker = nil
	}
	return k.Buffer.Write(p)
}

// TestWorkers: the record of an evaluation on workers, of which one may be lost, is
// that of one without, to the last bit.
func TestWorkers(t *testing.T) {
	alone := evaluateOnWorkers(t, workersSubject(t), io.Discard)
	first, second := clustertest.Start(t), clustertest.Start(t)
	log := &killer{t: t}
	if got := evaluateOnWorkers(t, workersSubject(t, first, second), log); !reflect.DeepEqual(got, alone) {
		t.Errorf("on workers: want\n%v\ngot\n%v", alone, got)
	}
	log.worker = first
	if got := evaluateOnWorkers(t, workersSubject(t, first, second), log); !reflect.DeepEqual(got, alone) {
		t.Errorf("with a lost worker: want\n%v\ngot\n%v", alone, got)
	}
	if text := log.String(); strings.Count(text, "worker "+first.Address+" is lost") < 1 || !strings.Contains(text, "going on with the other worker") {
		t.Errorf("want the lost worker named, got %q", text)
	}
}
