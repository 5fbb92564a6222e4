package graphs

import (
	"errors"
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"golang.org/x/sys/cpu"
)

// Precision says how exactly a session multiplies. Variables, feeds and
// fetches are float32 in either.
type Precision string

// Precisions. In a Bfloat16 session TensorFlow rewrites the graph: products
// (convolutions, fully connected layers) and what lies between them take
// operands of 8 significant bits and add up in float32; reductions, losses
// and updates stay float32. AutoPrecision is Bfloat16 on a processor that has
// instructions for it where no GPU computes, else Float32.
const (
	AutoPrecision Precision = "auto"
	Float32       Precision = "float32"
	Bfloat16      Precision = "bfloat16"
)

var errPrecisionGPU = errors.New("graphs: precision: want auto or float32 on a GPU, got bfloat16, which is TensorFlow's rewrite for processors: set precision to float32, or device to cpu")

// HasBfloat16 reports whether the processor multiplies bfloat16 numbers
// (AVX512-BF16 or AMX-BF16). Others would compute them more slowly than
// float32.
func HasBfloat16() bool { return cpu.X86.HasAVX512BF16 || cpu.X86.HasAMXBF16 }

// resolve is the precision that p means on this processor, before it is known
// whether there is a GPU.
func (p Precision) resolve(d Device) (Precision, error) {
	switch p {
	case "", Float32:
		return Float32, nil
	case AutoPrecision:
		if HasBfloat16() && d != GPU {
			return Bfloat16, nil
		}
		return Float32, nil
	case Bfloat16:
		if d == GPU {
			return "", errPrecisionGPU
		}
		if !HasBfloat16() {
			return "", errors.New("graphs: precision: want auto or float32 on this processor, got bfloat16, for which it has no instructions (avx512_bf16 or amx_bf16): set precision to auto")
		}
		return Bfloat16, nil
	}
	return "", fmt.Errorf("graphs: precision: want auto, float32 or bfloat16, got %q", p)
}

// rewrites are the changes that TensorFlow makes to the graph of a session.
func (p Precision) rewrites() *pb.GraphOptions {
	if p != Bfloat16 {
		return nil
	}
	return &pb.GraphOptions{RewriteOptions: &pb.RewriterConfig{AutoMixedPrecisionOnednnBfloat16: pb.RewriterConfig_ON}}
}

// Copy opens another session over the graph of n, under options of its own
// (their seed does not count), and gives it the present values of n's
// variables. So one model can compute in two precisions: propose in bfloat16,
// judge in float32.
func (n *Net) Copy(o Options) (*Net, error) {
	session, p, err := open(n.Graph, o)
	if err != nil {
		return nil, err
	}
	c := &Net{Graph: n.Graph, Session: session, Vars: n.Vars, Precision: p, inputs: n.inputs, first: o.First}
	if err := c.Take(n); err != nil {
		session.Close()
		return nil, err
	}
	return c, nil
}

// Take gives the variables of n the values that they have in from, a net over
// the same graph.
func (n *Net) Take(from *Net) error {
	if n.Graph != from.Graph {
		return errors.New("graphs: variables: want two nets over one graph, made by Copy")
	}
	var values []tf.Output // what an initialiser assigns: fed here in place of being drawn
	var assigns []*tf.Operation
	var reads []tf.Output
	for _, v := range n.Vars.list {
		if v.init == nil {
			return fmt.Errorf("graphs: variable %s: want an initial value to be replaced, but a portable graph has none: restore a checkpoint", v.Path)
		}
		values = append(values, tf.Consumer{Op: v.init, Index: 1}.Producer())
		assigns = append(assigns, v.init)
		reads = append(reads, v.Read)
	}
	if len(reads) == 0 {
		return nil
	}
	tensors, err := from.Run(nil, reads)
	if err != nil {
		return err
	}
	// A variable shares the memory of what it was assigned from: these
	// tensors are fresh, and nobody else holds them.
	feeds := Feeds{}
	for i, t := range tensors {
		feeds[values[i]] = t
	}
	_, err = n.Run(feeds, nil, assigns...)
	return err
}

func hasGPU(s *tf.Session) (bool, error) {
	ds, err := s.ListDevices()
	return slices.ContainsFunc(ds, func(d tf.Device) bool { return d.Type == "GPU" }), err
}
