package graphs

import (
	"errors"
	"fmt"

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

var errPrecisionGPU = errors.New("precision: want auto or float32 on a GPU, got bfloat16, which is TensorFlow's rewrite for processors: set precision to float32, or device to cpu")

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
			return "", errors.New("precision: want auto or float32 on this processor, got bfloat16, for which it has no instructions (avx512_bf16 or amx_bf16): set precision to auto")
		}
		return Bfloat16, nil
	}
	return "", fmt.Errorf("precision: want auto, float32 or bfloat16, got %q", p)
}

// graphOptions are the changes that TensorFlow makes to the graph of a session,
// here or on a server.
func (p Precision) graphOptions(onServer bool) *pb.GraphOptions {
	if p != Bfloat16 {
		return nil
	}
	rewrites := &pb.RewriterConfig{AutoMixedPrecisionOnednnBfloat16: pb.RewriterConfig_ON}
	if onServer {
		// A convolution that is fused with what follows it has no bfloat16 before it is
		// given to oneDNN, and a server refuses such a graph where it is handed over.
		rewrites.Remapping = pb.RewriterConfig_OFF
	}
	return &pb.GraphOptions{RewriteOptions: rewrites}
}
