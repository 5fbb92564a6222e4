package graphs

import (
	"fmt"
	"slices"

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
	// Rows is the largest number of images that a run computes at once, and
	// RowsKey the configuration key that says so: with them [Build] refuses what
	// would not fit into memory, before it is asked for.
	Rows    int
	RowsKey string
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
	switch o.Device {
	case "", Auto, GPU:
	case CPU:
		c.DeviceCount = map[string]int32{"GPU": 0}
	default:
		return nil, fmt.Errorf("device: want auto, cpu or gpu, got %q", o.Device)
	}
	p, err := o.Precision.resolve(o.Device)
	if err != nil {
		return nil, err
	}
	c.GraphOptions = p.graphOptions()
	raw, err := proto.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("graphs: session options: %w", err)
	}
	return &tf.SessionOptions{Config: raw}, nil
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
