package cluster_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/graphs/cluster/clustertest"
	"unwarp/graphs/graphtest"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// product is a net that multiplies what it is fed with its variable.
type product struct {
	*graphs.Net
	in  graphs.Input
	out tf.Output
	w   graphs.Input
	let *tf.Operation // the variable be w
}

func newProduct(t *testing.T) product {
	t.Helper()
	var p product
	var err error
	p.Net, err = graphs.Build(graphs.Options{Device: graphs.CPU, Seed: 3}, func(b *graphs.Builder) error {
		p.in = b.Input("x", tf.Float)
		p.w = b.Input("w", tf.Float)
		w := b.Declare("w", graphs.Trainable, graphs.Zeros)
		s := b.Pass("test", graphs.Inference)
		if s.OK() {
			p.out = op.Mul(s.Op("product"), p.in.Value, w.Read)
			p.let = op.AssignVariableOp(s.Op("let"), w.Handle, p.w.Value)
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	p.set(t, 7)
	return p
}

func (p product) set(t *testing.T, w float32) {
	t.Helper()
	if _, err := p.Net.Run(graphs.Feeds{p.w.Feed: scalar(t, w)}, nil, p.let); err != nil {
		t.Fatal(err)
	}
}

func scalar(t *testing.T, x float32) *tf.Tensor {
	t.Helper()
	v, err := tf.NewTensor(x)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (p product) values(t *testing.T) graphs.Values {
	t.Helper()
	v, err := p.ReadVariables()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// times is what a worker computes for x.
func (p product) times(ctx context.Context, t *testing.T, w *cluster.Worker, x float32) (float32, error) {
	out, err := w.Run(ctx, graphs.Feeds{p.in.Feed: scalar(t, x)}, []tf.Output{p.out})
	if err != nil {
		return 0, err
	}
	return graphs.Scalar(out[0]), nil
}

// Each session has variables of its own, whatever their names.
func TestWorkerKeepsSessionsApart(t *testing.T) {
	at := clustertest.Start(t).Address
	p := newProduct(t)
	seven, err := cluster.Connect(t.Context(), at, p.Net, p.values(t), cluster.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer seven.Close()
	p.set(t, 9)
	nine, err := cluster.Connect(t.Context(), at, p.Net, p.values(t), cluster.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer nine.Close()
	for w, want := range map[*cluster.Worker]float32{seven: 14, nine: 18} {
		if got, err := p.times(t.Context(), t, w, 2); err != nil || got != want {
			t.Errorf("want %g, got %g, %v", want, got, err)
		}
	}
	if seven.Version != tf.Version() || len(seven.Devices) == 0 {
		t.Errorf("got %+v", seven.Info)
	}
}

// A worker on loopback is reached there alone.
func TestListensOnLoopbackAlone(t *testing.T) {
	_, port, _ := net.SplitHostPort(clustertest.Start(t).Address)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	addresses = append(addresses, &net.IPNet{IP: net.IPv4(127, 0, 0, 2), Mask: net.CIDRMask(8, 32)})
	for _, a := range addresses {
		ip := a.(*net.IPNet).IP
		if ip.Equal(net.IPv4(127, 0, 0, 1)) {
			continue
		}
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), port), time.Second); err == nil {
			c.Close()
			t.Errorf("want no answer at %s", ip)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	taken := clustertest.Start(t).Address
	for at, want := range map[string]string{
		"0.0.0.0:0":     "0.0.0.0:0 is not loopback: there is no encryption",
		"10.1.2.3:7077": "add --insecure-network",
		"[::1]:7077":    "want an IPv4 address and a port",
		"7077":          `want an IPv4 address and a port, such as 127.0.0.1:7077, got "7077"`,
		"127.0.0.1:x":   "want an IPv4 address and a port",
		taken:           "cannot be listened on: address already in use",
	} {
		_, err := cluster.Serve(cluster.ServeOptions{Address: at})
		graphtest.Says(t, err, want)
	}
}

func TestCheckRefuses(t *testing.T) {
	other := clustertest.StartAt(t, "127.0.0.1:0", "2.17.0").Address
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // answers in another protocol
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			c.Close()
		}
	}()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	for at, want := range map[string]string{
		other:                "worker " + other + ": want TensorFlow " + tf.Version() + " as here, got 2.17.0",
		l.Addr().String():    "what listens there is no worker",
		free.Addr().String(): "connection refused: no worker listens there",
		"nowhere.invalid:1":  "worker nowhere.invalid:1: no connection",
	} {
		_, err := cluster.Check(t.Context(), at)
		graphtest.Says(t, err, want)
	}
}

// A worker that is killed during a call, or between two, is named at once.
func TestKilledWorkerIsNamed(t *testing.T) {
	worker := clustertest.Start(t)
	p := newProduct(t)
	w, err := cluster.Connect(t.Context(), worker.Address, p.Net, p.values(t), cluster.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	worker.Kill(t)
	_, err = p.times(t.Context(), t, w, 2)
	var lost *cluster.LostError
	if !errors.As(err, &lost) || lost.Address != worker.Address {
		t.Errorf("want a lost worker, got %v", err)
	}
	w.Close()
}

// A worker that does not answer is named after the deadline, and nothing hangs.
func TestFrozenWorkerIsNamed(t *testing.T) {
	worker := clustertest.Start(t)
	p := newProduct(t)
	c := cluster.DefaultConfig()
	c.Deadline = .2
	w, err := cluster.Connect(t.Context(), worker.Address, p.Net, graphs.Values{}, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_, err = p.times(t.Context(), t, w, 2)
	graphtest.Says(t, err, "worker "+worker.Address+": no answer within 200ms, though it accepts connections: it is frozen")
	w.Close()
}

// The jobs of a worker that is killed are done by it again when it is back, or by
// the others.
func TestPoolBearsKilledWorkers(t *testing.T) {
	for _, elastic := range []bool{false, true} {
		first, second := clustertest.Start(t), clustertest.Start(t)
		p := newProduct(t)
		c := cluster.DefaultConfig()
		c.Elastic = elastic
		var notes []string
		pool, err := cluster.OpenPool(t.Context(), p.Net, clustertest.Addresses(t, first, second), c, graphs.Values{}, func(s string) { notes = append(notes, s) })
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		values, by := p.values(t), make([]string, 6)
		run := func(kill bool) {
			got := make([]float32, 6)
			var begun atomic.Bool
			err := pool.Each(t.Context(), 6, func(ctx context.Context, w *cluster.Worker, job int) error {
				if kill && w.Address == second.Address && begun.CompareAndSwap(false, true) {
					second.Kill(t)
					if !elastic {
						clustertest.StartAt(t, second.Address, "")
					}
				}
				if err := w.SetVariables(ctx, values); err != nil {
					return err
				}
				x, err := p.times(ctx, t, w, float32(job))
				got[job], by[job] = x, w.Address
				return err
			})
			for job, x := range got {
				if err != nil || x != float32(7*job) {
					t.Fatalf("elastic=%t: want %d, got %g, %v", elastic, 7*job, x, err)
				}
			}
		}
		run(false)
		if by[0] != first.Address || by[1] != second.Address || len(notes) > 0 {
			t.Errorf("want jobs in turns and nothing to say, got %v, %v", by, notes)
		}
		run(true)
		all := strings.Join(notes, "\n")
		if elastic && (len(notes) != 1 || !strings.HasSuffix(all, "going on with the other worker") || by[1] != first.Address) ||
			!elastic && (len(notes) != 2 || !strings.Contains(all, "waiting up to 10m0s") || !strings.Contains(notes[1], "is back after") || by[1] != second.Address) {
			t.Errorf("elastic=%t: got %q by %v", elastic, notes, by)
		}
	}
}

// Without its workers a pool ends after the limit, and at once when it is told to.
func TestPoolGivesUp(t *testing.T) {
	worker := clustertest.Start(t)
	p := newProduct(t)
	c := cluster.DefaultConfig()
	c.Wait = .1
	open := func() *cluster.Pool {
		pool, err := cluster.OpenPool(t.Context(), p.Net, clustertest.Addresses(t, worker), c, graphs.Values{}, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return pool
	}
	limited := open()
	c.Wait = 600
	patient := open()
	worker.Kill(t)
	run := func(ctx context.Context, w *cluster.Worker, _ int) error { _, err := p.times(ctx, t, w, 1); return err }
	err := limited.Each(t.Context(), 1, run)
	graphtest.Says(t, err, "it did not come back within 100ms")
	graphtest.Says(t, err, "worker "+worker.Address)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := patient.Each(ctx, 1, run); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want the end of the context, got %v", err)
	}
}

func TestParseAddresses(t *testing.T) {
	got, err := cluster.ParseAddresses("a:1, 10.0.0.2:7077")
	if err != nil || got.String() != "a:1,10.0.0.2:7077" {
		t.Errorf("got %q, %v", got, err)
	}
	for text, want := range map[string]string{"a": `got "a"`, "a:0": `got "a:0"`, ":1": `got ":1"`, "a:1,": `got "a:1,"`, ",": `got ","`, "a:1,a:1": "a:1 twice"} {
		_, err := cluster.ParseAddresses(text)
		graphtest.Says(t, err, want)
	}
}

func TestProbe(t *testing.T) {
	s, err := cluster.Probe(t.Context(), clustertest.Start(t).Address)
	if err != nil || s.RoundTrip <= 0 || s.Up <= 0 || s.Down <= 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}

// A killed worker is named while another has not answered yet.
func TestLostWorkerIsNamedAtOnce(t *testing.T) {
	first, second := clustertest.Start(t), clustertest.Start(t)
	p := newProduct(t)
	c := cluster.DefaultConfig()
	c.Elastic = true
	named := make(chan string, 2)
	pool, err := cluster.OpenPool(t.Context(), p.Net, clustertest.Addresses(t, first, second), c, graphs.Values{}, func(s string) { named <- s })
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	second.Kill(t)
	err = pool.Each(t.Context(), 2, func(ctx context.Context, w *cluster.Worker, _ int) error {
		if w.Address == second.Address {
			_, err := p.times(ctx, t, w, 1)
			return err
		}
		select {
		case s := <-named:
			if !strings.HasPrefix(s, "worker "+second.Address+" is lost") {
				t.Errorf("got %q", s)
			}
			named <- s
		case <-time.After(10 * time.Second):
			t.Error("want the lost worker named before the other has answered")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// An elastic pool begins without a worker that is missing, and takes it in when it
// comes up; others do not begin.
func TestElasticPoolBeginsWithoutMissingWorker(t *testing.T) {
	first, second := clustertest.Start(t), clustertest.Start(t)
	second.Kill(t)
	p := newProduct(t)
	c := cluster.DefaultConfig()
	c.Wait = .1
	var notes []string
	open := func() (*cluster.Pool, error) {
		return cluster.OpenPool(t.Context(), p.Net, clustertest.Addresses(t, first, second), c, graphs.Values{}, func(s string) { notes = append(notes, s) })
	}
	_, err := open()
	graphtest.Says(t, err, "worker "+second.Address+": connection refused")
	graphtest.Says(t, err, "waited 100ms: all must be up at the start")
	c.Elastic, notes = true, nil
	pool, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	values, by := p.values(t), make([]string, 2)
	run := func() {
		if err := pool.Each(t.Context(), 2, func(ctx context.Context, w *cluster.Worker, job int) error {
			by[job] = w.Address
			return w.SetVariables(ctx, values)
		}); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if all := strings.Join(notes, "\n"); by[1] != first.Address || !strings.Contains(all, "worker "+second.Address+" is missing: connection refused") {
		t.Errorf("got %q by %v", all, by)
	}
	clustertest.StartAt(t, second.Address, "")
	for range 100 {
		if run(); by[1] == second.Address {
			return
		}
		time.Sleep(time.Second / 10)
	}
	t.Errorf("want the worker taken in, got %q", notes)
}
