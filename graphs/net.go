package graphs

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	tf "github.com/wamuir/graft/tensorflow"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/proto"
)

// Device says where a session may compute.
type Device string

// Devices: Auto takes a GPU where TensorFlow finds one, GPU insists on it.
const (
	Auto Device = "auto"
	CPU  Device = "cpu"
	GPU  Device = "gpu"
)

// Options configure the graph and its session.
type Options struct {
	Seed    uint64 // keys initial values and dropout
	Device  Device // "" means Auto
	Threads int    // threads within one op, 0 = all cores
	// Precision of products, "" means Float32.
	Precision Precision
	// First, if set, is called around the first run of each set of fetches and
	// targets: that is when TensorFlow optimises the graph, and may talk.
	First func(run func() error) error
	// Portable makes a graph that other programs are to read: the handle of
	// each variable is a node named by the variable's path, as TensorFlow Lite
	// wants it, no variable has an initial value (restore it before it is
	// read), and ops that TensorFlow Lite lacks are replaced by equal ones.
	Portable bool
}

// Net is a closed graph with an open session over it. Run may be called from
// several goroutines; Close once, when none is running.
type Net struct {
	Graph   *tf.Graph
	Session *tf.Session
	Vars    *Variables
	// Precision is Float32 or Bfloat16: what AutoPrecision came to.
	Precision Precision
	inputs    map[tf.Output]Input
	fetched   atomic.Int64 // bytes fetched since the last collection
	first     func(run func() error) error
	known     sync.Map // sets of fetches and targets that have run
}

// Build runs declare once, closes the graph, opens a session and initialises
// the variables. The error names the path of the first layer that failed.
func Build(o Options, declare func(b *Builder) error) (*Net, error) {
	b := newBuilder(o.Seed)
	b.portable = o.Portable
	if err := declare(b); err != nil {
		return nil, err
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	graph, err := b.root.Finalize()
	if err != nil {
		return nil, fmt.Errorf("graphs: closing the graph: %w", err)
	}
	session, p, err := open(graph, o)
	if err != nil {
		return nil, err
	}
	n := &Net{Graph: graph, Session: session, Vars: b.vars, Precision: p, inputs: b.inputs, first: o.First}
	if err := n.initialise(); err != nil {
		session.Close()
		return nil, err
	}
	return n, nil
}

// Close releases the session.
func (n *Net) Close() error { return n.Session.Close() }

func (n *Net) initialise() error {
	var ops []*tf.Operation
	for _, v := range n.Vars.list {
		if v.init != nil {
			ops = append(ops, v.init)
		}
	}
	if len(ops) == 0 {
		return nil
	}
	if _, err := n.run(nil, nil, ops); err != nil {
		return fmt.Errorf("graphs: initialising %d variables: %w", len(ops), err)
	}
	return nil
}

// Feeds are the tensors fed to a run, by [Input.Feed].
type Feeds map[tf.Output]*tf.Tensor

// collectAfter is how many fetched bytes may pile up before the collector is
// asked to run: their memory is invisible to it.
const collectAfter = 64 << 20

// Run feeds, fetches and runs targets. It refuses a feed whose type or shape
// is not the declared one, since TensorFlow would abort or compute nonsense.
func (n *Net) Run(feeds Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error) {
	if err := present(feeds, fetches, targets); err != nil {
		return nil, err
	}
	for out, t := range feeds {
		if in, ok := n.inputs[out]; ok {
			if err := in.check(t); err != nil {
				return nil, err
			}
		}
	}
	out, err := n.run(feeds, fetches, targets)
	if err != nil {
		return nil, fmt.Errorf("graphs: run: %w", FirstLine(err))
	}
	for _, t := range out {
		n.note(t)
	}
	return out, nil
}

// run calls first around a set of fetches and targets that is new.
func (n *Net) run(feeds Feeds, fetches []tf.Output, targets []*tf.Operation) (out []*tf.Tensor, err error) {
	if n.first == nil {
		return n.Session.Run(feeds, fetches, targets)
	}
	var key strings.Builder
	for _, f := range fetches {
		fmt.Fprintf(&key, "%s:%d ", f.Op.Name(), f.Index)
	}
	for _, o := range targets {
		key.WriteString(o.Name())
	}
	if _, known := n.known.LoadOrStore(key.String(), true); known {
		return n.Session.Run(feeds, fetches, targets)
	}
	err = n.first(func() error {
		out, err = n.Session.Run(feeds, fetches, targets)
		return err
	})
	return out, err
}

// present refuses ends that a model does not have, such as the field of a base
// CNN: graft crashes on them.
func present(feeds Feeds, fetches []tf.Output, targets []*tf.Operation) error {
	for out, t := range feeds {
		if out.Op == nil {
			return fmt.Errorf("graphs: run: want feeds of values of the graph, got a feed of none")
		}
		if t == nil {
			return fmt.Errorf("graphs: run: feed of %q: want a tensor, got none", out.Op.Name())
		}
	}
	for i, out := range fetches {
		if out.Op == nil {
			return fmt.Errorf("graphs: run: fetch %d: want a value of the graph, got none: the model lacks it", i)
		}
	}
	for i, o := range targets {
		if o == nil {
			return fmt.Errorf("graphs: run: target %d: want an op of the graph, got none", i)
		}
	}
	return nil
}

func (n *Net) note(t *tf.Tensor) {
	size := int64(8)
	for _, d := range t.Shape() {
		size *= d
	}
	if n.fetched.Add(size) > collectAfter {
		n.fetched.Store(0)
		runtime.GC()
	}
}

func (in Input) check(t *tf.Tensor) error {
	ok := t.DataType() == in.Type && len(t.Shape()) == len(in.Shape)
	for i := 0; ok && i < len(in.Shape); i++ {
		ok = in.Shape[i] < 0 || in.Shape[i] == t.Shape()[i]
	}
	if !ok {
		return fmt.Errorf("graphs: feed %q: want type %d and shape %v, got type %d and shape %v", in.Name, in.Type, in.Shape, t.DataType(), t.Shape())
	}
	return nil
}

// Devices names the devices that the session may use.
func (n *Net) Devices() ([]tf.Device, error) { return n.Session.ListDevices() }

// SessionOptions translates device, threads and precision for TensorFlow; GPU
// memory grows as needed instead of being taken whole.
func SessionOptions(o Options) (*tf.SessionOptions, error) {
	c := &pb.ConfigProto{
		IntraOpParallelismThreads: int32(o.Threads),
		AllowSoftPlacement:        true,
		GpuOptions:                &pb.GPUOptions{AllowGrowth: true},
	}
	switch o.Device {
	case "", Auto, GPU:
	case CPU:
		c.DeviceCount = map[string]int32{"GPU": 0}
	default:
		return nil, fmt.Errorf("graphs: device: want auto, cpu or gpu, got %q", o.Device)
	}
	p, err := o.Precision.resolve(o.Device)
	if err != nil {
		return nil, err
	}
	c.GraphOptions = p.rewrites()
	raw, err := proto.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("graphs: session options: %w", err)
	}
	return &tf.SessionOptions{Config: raw}, nil
}

// open returns a session and the precision in which it computes.
func open(graph *tf.Graph, o Options) (*tf.Session, Precision, error) {
	so, err := SessionOptions(o)
	if err != nil {
		return nil, "", err
	}
	s, err := tf.NewSession(graph, so)
	if err != nil {
		return nil, "", fmt.Errorf("graphs: opening a session: %w", FirstLine(err))
	}
	p, _ := o.Precision.resolve(o.Device) // SessionOptions has asked
	if o.Device == CPU || o.Device != GPU && p != Bfloat16 {
		return s, p, nil
	}
	gpu, err := hasGPU(s)
	switch {
	case err != nil:
	case o.Device == GPU && !gpu:
		err = fmt.Errorf("graphs: device: want gpu, but TensorFlow sees none: use a GPU build of the library and check its driver, or set device to auto")
	case gpu && p == Bfloat16 && o.Precision == Bfloat16:
		err = errPrecisionGPU
	case gpu && p == Bfloat16: // auto, and the GPU computes
		s.Close()
		o.Precision = Float32
		return open(graph, o)
	}
	if err != nil {
		s.Close()
		return nil, "", err
	}
	return s, p, nil
}

// FirstLine drops the trace that TensorFlow appends to its messages.
func FirstLine(err error) error {
	line, _, cut := strings.Cut(err.Error(), "\n")
	if !cut {
		return err
	}
	return errors.New(strings.TrimSpace(line))
}
