package graphs_test

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// twice is a net with a float32 input [?,3] and twice its value.
func twice(t *testing.T) (net *graphs.Net, x graphs.Input, y tf.Output, double *tf.Operation) {
	t.Helper()
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU, Threads: 1}, func(b *graphs.Builder) error {
		x = b.Input("x", tf.Float, -1, 3)
		s := b.Pass("p", graphs.Inference)
		y = op.AddV2(s.Op("twice"), x.Value, x.Value)
		v := b.Declare("v", graphs.Slot, graphs.Ones)
		double = op.AssignAddVariableOp(s.Op("double"), v.Handle, v.Read)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return net, x, y, double
}

func tensor(t *testing.T, v any) *tf.Tensor {
	t.Helper()
	x, err := tf.NewTensor(v)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TensorFlow checks none of this: it computes nonsense or aborts.
func TestRunRefusesWrongFeeds(t *testing.T) {
	net, x, y, double := twice(t)
	good := tensor(t, [][]float32{{1, 2, 3}})
	for _, c := range map[string]struct {
		feeds   graphs.Feeds
		fetches []tf.Output
		targets []*tf.Operation
		says    string
	}{
		"size":           {graphs.Feeds{x.Feed: tensor(t, [][]float32{{1, 2}})}, nil, nil, `feed "x": want type 1 and shape [-1 3], got type 1 and shape [1 2]`},
		"rank":           {graphs.Feeds{x.Feed: tensor(t, []float32{1, 2, 3})}, nil, nil, "shape [3]"},
		"scalar":         {graphs.Feeds{x.Feed: tensor(t, float32(1))}, nil, nil, "shape []"},
		"type":           {graphs.Feeds{x.Feed: tensor(t, [][]int32{{1, 2, 3}})}, nil, nil, "got type 3"},
		"no tensor":      {graphs.Feeds{x.Feed: nil}, nil, nil, "want a tensor, got none"},
		"no input":       {graphs.Feeds{graphs.Input{}.Feed: good}, nil, nil, "got a feed of none"},
		"not fed":        {nil, nil, nil, "feed"},
		"no fetch":       {graphs.Feeds{x.Feed: good}, []tf.Output{y, {}}, nil, "fetch 1: want a value of the graph, got none"},
		"no target":      {graphs.Feeds{x.Feed: good}, nil, []*tf.Operation{double, nil}, "target 1: want an op"},
		"past the check": {graphs.Feeds{x.Value: tensor(t, [][]float32{{1, 2}})}, nil, nil, "got type 1 and shape [1 2]"},
	} {
		if c.fetches == nil {
			c.fetches = []tf.Output{y}
		}
		_, err := net.Run(c.feeds, c.fetches, c.targets...)
		Says(t, err, "graphs: ", c.says)
	}
	// After all the refusals the session still works.
	out, err := net.Run(graphs.Feeds{x.Feed: good}, []tf.Output{y}, double)
	if err != nil {
		t.Fatal(err)
	}
	Equal(t, "twice", FromTensor(t, out[0]).Data, []float32{2, 4, 6})
}

// The graph checks shapes once more, for feeds that did not come through Run.
func TestSessionRefusesWrongShape(t *testing.T) {
	net, x, y, _ := twice(t)
	_, err := net.Session.Run(graphs.Feeds{x.Feed: tensor(t, [][]float32{{1, 2}})}, []tf.Output{y}, nil)
	if err == nil || !strings.Contains(err.Error(), "not compatible with expected shape") {
		t.Errorf("want the graph's own check to refuse, got %v", err)
	}
}

func TestRunErrorIsOneLine(t *testing.T) {
	net, _, y, _ := twice(t)
	_, err := net.Run(nil, []tf.Output{y})
	Says(t, err, "graphs: run: ", "feed/x")
}

func TestDevices(t *testing.T) {
	build := func(d graphs.Device) (*graphs.Net, error) {
		return graphs.Build(graphs.Options{Device: d}, func(b *graphs.Builder) error {
			b.Declare("v", graphs.Slot, graphs.Ones)
			return b.Err()
		})
	}
	_, err := build("tpu")
	Says(t, err, `device: want auto, cpu or gpu, got "tpu"`)

	var devices []tf.Device
	for _, d := range []graphs.Device{"", graphs.Auto, graphs.CPU} {
		net, err := build(d)
		if err != nil {
			t.Fatal(err)
		}
		if devices, err = net.Devices(); err != nil || len(devices) == 0 {
			t.Errorf("%q: want devices, got %v, %v", d, devices, err)
		}
		if d == graphs.CPU && slices.ContainsFunc(devices, isGPU) {
			t.Errorf("device cpu offers %v", devices)
		}
		if d != graphs.CPU && slices.ContainsFunc(devices, isGPU) {
			t.Skip("there is a GPU here")
		}
		net.Close()
	}
	_, err = build(graphs.GPU)
	Says(t, err, "device: want gpu, but TensorFlow sees none", "set device to auto")
}

func isGPU(d tf.Device) bool { return d.Type == "GPU" }

// Run may be called from several goroutines; the variable's doublings all
// count.
func TestRunFromSeveralGoroutines(t *testing.T) {
	net, x, y, double := twice(t)
	var wg sync.WaitGroup
	errs := make(chan error, 64)
	for g := range 8 {
		feed := tensor(t, [][]float32{{float32(g), 0, 1}})
		wg.Go(func() {
			for range 8 {
				out, err := net.Run(graphs.Feeds{x.Feed: feed}, []tf.Output{y})
				if err == nil && graphs.Floats(nil, out[0])[0] != float32(2*g) {
					err = errors.New("a result of another goroutine's feed")
				}
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		if _, err := net.Run(nil, nil, double); err != nil {
			t.Fatal(err)
		}
	}
	out, err := net.Run(nil, []tf.Output{net.Vars.Find("v").Read})
	if err != nil {
		t.Fatal(err)
	}
	if v := graphs.Scalar(out[0]); v != 32 {
		t.Errorf("want 1 doubled five times, got %g", v)
	}
}

// TestFetchedMemoryIsCollected fetches 3 GB in pieces of 12 MB. Go's collector
// sees none of it, so only what Run forces keeps the process small.
func TestFetchedMemoryIsCollected(t *testing.T) {
	before, ok := resident()
	if !ok {
		t.Skip("no /proc/self/statm")
	}
	c := Build(t, Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.BroadcastTo(s.Op("large"), x, ints(s, 3<<20))
	}), []Array{Fill(1, 1)})
	feeds := c.Feeds(t, 0, Fill(1, 1))
	peak := int64(0)
	for range 250 {
		if _, err := c.Net.Run(feeds, c.Out); err != nil {
			t.Fatal(err)
		}
		now, _ := resident()
		peak = max(peak, now)
	}
	if grown := (peak - before) >> 20; grown > 600 {
		t.Errorf("resident memory grew by %d MB while 3000 MB were fetched", grown)
	}
}

// resident is the process's resident memory in bytes, where the system tells.
func resident() (int64, bool) {
	if runtime.GOOS != "linux" {
		return 0, false
	}
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	f := strings.Fields(string(raw))
	if len(f) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}

// A portable graph is for other programs: nodes are named by the variables'
// paths, and nothing gives them initial values.
func TestPortable(t *testing.T) {
	net, err := graphs.Build(graphs.Options{Portable: true}, func(b *graphs.Builder) error {
		graphs.Dense{Out: 2}.Apply(b.Pass("p", graphs.Inference).In("dense"), b.Input("x", tf.Float, -1, 3).Value)
		if b.AddNamedOp("end", tf.OpSpec{Type: "NoOp"}) == nil {
			t.Error("no named op")
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	for _, path := range []string{"dense/kernel", "dense/bias"} {
		if o := net.Graph.Operation(path); o == nil || o.Type() != "VarHandleOp" {
			t.Errorf("want a VarHandleOp named %s, got %v", path, o)
		}
	}
	if net.Graph.Operation("end") == nil {
		t.Error("no op is named end")
	}
	if _, err := net.Run(nil, []tf.Output{net.Vars.Find("dense/bias").Read}); err == nil {
		t.Error("a portable variable has a value before it is restored")
	}
	Refused(t, func(b *graphs.Builder) {
		b.AddNamedOp("end", tf.OpSpec{Type: "NoOp"})
		b.AddNamedOp("end", tf.OpSpec{Type: "NoOp"})
	}, "graphs: end: ", "Duplicate")
}
