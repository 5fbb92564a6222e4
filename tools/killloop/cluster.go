package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// clusterConfiguration trains on workers for some seconds.
const clusterConfiguration = `
data: {train: 640, validation: 40, test: 60}
model: {kind: base, appearance: 8, geometry: 8}
train: {batch: 16, duration: 300st, checkpoint: 20st, evaluate: 100st, log: 10st}
attack: {attacks: []}
cluster: {deadline: 5}
`

// workers are processes that are started again as soon as one ends.
type workers struct {
	addresses []string
	mu        sync.Mutex
	now       []*exec.Cmd
	stopped   bool
}

// startWorkers starts n workers on loopback, on one thread each.
func (l *loop) startWorkers(n int) (*workers, error) {
	w := &workers{now: make([]*exec.Cmd, n)}
	for i := range n {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		w.addresses = append(w.addresses, free.Addr().String())
		free.Close()
		go w.supervise(l.program, i)
	}
	return w, nil
}

func (w *workers) supervise(program string, i int) {
	for {
		c := exec.Command(program, "worker", "--listen", w.addresses[i], "--threads", "1")
		w.mu.Lock()
		if w.stopped || c.Start() != nil {
			w.mu.Unlock()
			return
		}
		w.now[i] = c
		w.mu.Unlock()
		_ = c.Wait()
		time.Sleep(100 * time.Millisecond)
	}
}

func (w *workers) signal(i int, s syscall.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.now[i]; c != nil {
		_ = c.Process.Signal(s)
	}
}

// stop ends all workers.
func (w *workers) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	for i := range w.now {
		w.signal(i, syscall.SIGKILL)
	}
}

// ready waits until all workers answer.
func (w *workers) ready(ctx context.Context) error {
	for _, a := range w.addresses {
		for from := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			c, err := net.DialTimeout("tcp", a, time.Second)
			if err == nil {
				c.Close()
				break
			}
			if time.Since(from) > patience || ctx.Err() != nil {
				return fmt.Errorf("worker %s: %w", a, err)
			}
		}
	}
	return nil
}

// runCluster kills and freezes workers and the driver of trainings until there are
// enough, and compares each training with one that was left alone.
func (l *loop) runCluster(ctx context.Context) error {
	start := time.Now()
	if err := l.prepareFolder(ctx, clusterConfiguration); err != nil {
		return err
	}
	w, err := l.startWorkers(2)
	if err != nil {
		return err
	}
	defer w.stop()
	if err := w.ready(ctx); err != nil {
		return err
	}
	if err := l.finish(ctx, l.clusterArgs(w, "alone", false, false)); err != nil {
		return err
	}
	for round := 0; l.counts.kills() < l.kills; round++ {
		if err := l.disturb(ctx, w, round%2 == 1); err != nil {
			return err
		}
		fmt.Printf("%4d faults, %v: %s\n", l.counts.kills(), time.Since(start).Round(time.Second), l.counts)
	}
	fmt.Printf("all equal to what was left alone: %d faults in %v\n%s", l.counts.kills(), time.Since(start).Round(time.Second), l.counts.table())
	return os.RemoveAll(l.dir)
}

func (l *loop) clusterArgs(w *workers, name string, resume, elastic bool) []string {
	args := append(l.trainArgs(name, resume), "--workers", w.addresses[0]+","+w.addresses[1])
	if elastic {
		args = append(args, "--elastic")
	}
	return args
}

// disturb trains once, with faults in between, and compares.
func (l *loop) disturb(ctx context.Context, w *workers, elastic bool) error {
	const name = "disturbed"
	for faults := 0; ; {
		if err := w.ready(ctx); err != nil {
			return err
		}
		resume := exists(l.path(name), "checkpoints/last")
		if !resume {
			_ = os.RemoveAll(l.path(name))
		}
		c, said, err := l.start(l.clusterArgs(w, name, resume, elastic))
		if err != nil {
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		for alive := true; alive; {
			select {
			case <-ctx.Done():
				_ = c.Process.Kill()
				return ctx.Err()
			case err := <-ended:
				switch {
				case err == nil:
					return l.compareDisturbed(name)
				case c.ProcessState.Sys().(syscall.WaitStatus).Signaled():
					alive = false // by fault
				default:
					return fmt.Errorf("%v: %w: %s", c.Args, err, said)
				}
			case <-time.After(time.Duration(500+l.random.IntN(4000)) * time.Millisecond):
				if faults++; faults <= perRound && l.counts.kills() < l.kills {
					l.fault(w, c)
				}
			}
		}
	}
}

// fault does something to a worker or to the driver.
func (l *loop) fault(w *workers, driver *exec.Cmd) {
	i := l.random.IntN(len(w.addresses))
	switch l.random.IntN(4) {
	case 0, 1:
		w.signal(i, syscall.SIGKILL)
		l.counts.add("worker", "killed", false)
	case 2: // for longer than the deadline, or not
		w.signal(i, syscall.SIGSTOP)
		time.Sleep(time.Duration(1+l.random.IntN(9)) * time.Second)
		w.signal(i, syscall.SIGCONT)
		l.counts.add("worker", "frozen", false)
	default:
		_ = driver.Process.Kill()
		l.counts.add("driver", "killed", false)
	}
}

func (l *loop) compareDisturbed(name string) error {
	got, want := l.path(name), l.path("alone")
	for _, pointer := range []string{"last", "best"} {
		a, b, err := readBoth(got, want, filepath.Join("checkpoints", pointer))
		if err != nil {
			return err
		}
		if err := compareFolders(checkpoint(got, a), checkpoint(want, b)); err != nil {
			return err
		}
	}
	if err := compareMetrics(got, want); err != nil {
		return err
	}
	return os.RemoveAll(got)
}
