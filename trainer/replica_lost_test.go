package trainer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"unwarp/graphs/cluster"
	"unwarp/graphs/cluster/clustertest"
	"unwarp/graphs/graphtest"
)

// lostRun trains on two workers of which something befalls the second.
type lostRun struct {
	c       cluster.Config
	workers [2]*clustertest.Worker
	dir     string
	seen    recorder
}

func newLostRun(t *testing.T) *lostRun {
	return &lostRun{c: cluster.DefaultConfig(), workers: [2]*clustertest.Worker{clustertest.Start(t), clustertest.Start(t)}, dir: t.TempDir()}
}

// train trains six steps in batches of 8 and returns all variables.
func (l *lostRun) train(ctx context.Context, t *testing.T, resume bool) (map[string][]float32, error) {
	t.Helper()
	c := DefaultConfig()
	c.Batch, c.Replicas, c.Duration = 8, 2, mustDuration(t, "6st")
	c.Evaluate, c.Checkpoint = Duration{0, "st"}, Duration{0, "st"}
	p, net := declared(t, 5, c, littleModel("base"), littleShape)
	in := Inputs{Train: littleDots(30), Dir: l.dir, Seed: 9, Resume: resume, Cluster: l.c}
	if l.workers[0] != nil {
		in.Workers = clustertest.Addresses(t, l.workers[0], l.workers[1])
	}
	_, err := p.Run(ctx, net, in, &l.seen)
	return values(t, net), err
}

// unharmed is what the run gives without any fault.
func unharmed(t *testing.T) map[string][]float32 {
	t.Helper()
	want, err := (&lostRun{dir: t.TempDir()}).train(t.Context(), t, false)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// Whatever befalls a worker, the weights are those of a run without faults.
func TestLostWorkersChangeNothing(t *testing.T) {
	want := unharmed(t)
	for name, x := range map[string]struct {
		elastic bool
		befalls func(l *lostRun)
		says    string
	}{
		"killed and started again": {false, func(l *lostRun) {
			l.workers[1].Kill(t)
			clustertest.StartAt(t, l.workers[1].Address, "")
		}, "is back after"},
		"killed for good": {true, func(l *lostRun) { l.workers[1].Kill(t) }, "going on with the other worker"},
		"frozen":          {true, func(l *lostRun) { _ = l.workers[1].Process.Signal(syscall.SIGSTOP) }, "no answer within 1s, though it accepts connections"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLostRun(t)
			l.c.Elastic, l.c.Deadline = x.elastic, 1
			if !x.elastic {
				l.c.Deadline = 60
			}
			l.seen.on = func(event string) {
				if event == "step 3" {
					x.befalls(l)
				}
			}
			got, err := l.train(t.Context(), t, false)
			if err != nil {
				t.Fatal(err)
			}
			sameValues(t, name, got, want)
			if all := strings.Join(l.seen.notes, "\n"); !strings.Contains(all, x.says) || !strings.Contains(all, l.workers[1].Address) {
				t.Errorf("want a note of %q about %s, got %q", x.says, l.workers[1].Address, all)
			}
		})
	}
}

// A worker that does not come back ends the training with a checkpoint, from which
// other workers go on; so does an interruption while it is waited for.
func TestTrainingEndsWithoutItsWorker(t *testing.T) {
	want := unharmed(t)
	for _, interrupted := range []bool{false, true} {
		l := newLostRun(t)
		l.c.Wait = .1
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l.seen.on = func(event string) {
			if event == "step 3" {
				l.workers[1].Kill(t)
				if interrupted {
					cancel()
				}
			}
		}
		_, err := l.train(ctx, t, false)
		if interrupted && !errors.Is(err, ErrInterrupted) {
			t.Errorf("want an interruption, got %v", err)
		} else if !interrupted {
			graphtest.Says(t, err, "trainer: step 4: worker "+l.workers[1].Address)
			graphtest.Says(t, err, "did not come back within 100ms")
		}
		if !(Checkpoints{filepath.Join(l.dir, CheckpointsDir)}).Exists(Last) {
			t.Fatal("want a checkpoint")
		}
		l.seen.on = nil
		l.workers = [2]*clustertest.Worker{}
		got, err := l.train(t.Context(), t, true)
		if err != nil || l.seen.events[len(l.seen.events)-1] != "ended 6" {
			t.Fatalf("got %v, %v", l.seen.events, err)
		}
		sameValues(t, fmt.Sprintf("interrupted=%t", interrupted), got, want)
	}
}

// A training does not begin without its workers, and names the one that is missing.
func TestTrainingNamesMissingWorker(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	l := newLostRun(t)
	l.c.Wait = .1
	l.workers[1] = &clustertest.Worker{Address: free.Addr().String()}
	_, err = l.train(t.Context(), t, false)
	graphtest.Says(t, err, "worker "+free.Addr().String()+": connection refused")
	l.workers[1] = clustertest.StartAt(t, "127.0.0.1:0", "9.9.9")
	_, err = l.train(t.Context(), t, false)
	graphtest.Says(t, err, "worker "+l.workers[1].Address+": want TensorFlow ")
	if len(l.seen.events) > 0 {
		t.Errorf("want nothing begun, got %v", l.seen.events)
	}
}
