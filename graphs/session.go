package graphs

import (
	"fmt"
	"slices"
	"time"

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
	// Target is the server whose devices compute, grpc://host:port; "" is this
	// process. See package cluster.
	Target string
	// Deadline is what each call of a session with a Target may take; without it
	// a server that does not answer holds a call for ever.
	Deadline time.Duration
	// CPUs is the number of CPU devices, 0 means one.
	CPUs int
	// Rows is the largest number of images that a run computes at once, and
	// RowsKey the configuration key that says so: with them [Build] refuses what
	// would not fit into memory, before it is asked for.
	Rows    int
	RowsKey string
	// Before, if set, is called with what can be said of the graph before its memory
	// is asked for; its error ends [Build].
	Before func(o *Outline) error
	// First, if set, is called around the first run of each set of fetches and
	// targets: that is when TensorFlow optimises the graph, and may write to stderr.
	First func(run func() error) error
	// Portable makes a graph that other programs are to read: the handle of
	// each variable is a node named by the variable's path, as TensorFlow Lite
	// wants it, no variable has an initial value (restore it before it is
	// read), and ops that TensorFlow Lite lacks are replaced by equal ones.
	Portable bool
}

// SessionOptions translates device, threads and precision for TensorFlow; GPU
// memory grows as needed instead of being taken whole.
func SessionOptions(o Options) (*tf.SessionOptions, error) {
	c := &pb.ConfigProto{
		IntraOpParallelismThreads: int32(o.Threads),
		AllowSoftPlacement:        true,
		GpuOptions:                &pb.GPUOptions{AllowGrowth: true},
	}
	if err := o.countDevices(c); err != nil {
		return nil, err
	}
	if o.Target != "" {
		c.OperationTimeoutInMs = o.Deadline.Milliseconds()
		c.IsolateSessionState = true // variables of several sessions have the same names
	}
	p, err := o.Precision.resolve(o.Device)
	if err != nil {
		return nil, err
	}
	c.GraphOptions = p.graphOptions(o.Target != "")
	raw, err := proto.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("graphs: session options: %w", err)
	}
	return &tf.SessionOptions{Target: o.Target, Config: raw}, nil
}

func (o Options) countDevices(c *pb.ConfigProto) error {
	c.DeviceCount = map[string]int32{}
	switch o.Device {
	case "", Auto, GPU:
	case CPU:
		c.DeviceCount["GPU"] = 0
	default:
		return fmt.Errorf("device: want auto, cpu or gpu, got %q", o.Device)
	}
	if o.CPUs > 0 {
		c.DeviceCount["CPU"] = int32(o.CPUs)
	}
	return nil
}

// openSession returns a session and the precision in which it computes.
func openSession(graph *tf.Graph, o Options) (*tf.Session, Precision, error) {
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
		err = fmt.Errorf("device: want gpu, but TensorFlow sees none: use a GPU build of the library and check its driver, or set device to auto")
	case gpu && p == Bfloat16 && o.Precision == Bfloat16:
		err = errPrecisionGPU
	case gpu && p == Bfloat16: // auto, and the GPU computes
		s.Close()
		o.Precision = Float32
		return openSession(graph, o)
	}
	if err != nil {
		s.Close()
		return nil, "", err
	}
	return s, p, nil
}

func hasGPU(s *tf.Session) (bool, error) {
	ds, err := s.ListDevices()
	return slices.ContainsFunc(ds, func(d tf.Device) bool { return d.Type == "GPU" }), err
}
