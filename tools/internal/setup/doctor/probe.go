package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Device is a device that TensorFlow can compute on.
type Device struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"` // that TensorFlow may use
}

// Probe is what a process found that used TensorFlow.
type Probe struct {
	TensorFlow string   `json:"tensorflow"`
	Devices    []Device `json:"devices"`
	Error      string   `json:"error,omitempty"`
}

// probeTime is how long a first session may take; with several GPUs it is
// seconds.
const probeTime = 60 * time.Second

// probe runs args, which must print a Probe, in a process of its own: a broken
// driver, or a library built for another processor, ends that process and not
// this one.
func probe(ctx context.Context, args []string) (Probe, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=2")
	c.WaitDelay = time.Second
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if ctx.Err() != nil {
		return Probe{}, fmt.Errorf("no answer within %v", probeTime)
	}
	var p Probe
	if err == nil {
		err = json.Unmarshal(out, &p)
	}
	if err == nil && p.Error != "" {
		err = errors.New(p.Error)
	}
	if err != nil {
		if lines := strings.Split(strings.TrimSpace(said.String()), "\n"); lines[0] != "" {
			err = fmt.Errorf("%w: %s", err, lines[0])
		}
	}
	return p, err
}

// RunProbe uses TensorFlow in this process: it multiplies two matrices and
// lists the devices.
func RunProbe() Probe {
	p := Probe{TensorFlow: tf.Version()}
	if err := p.use(); err != nil {
		p.Error = err.Error()
	}
	return p
}

func (p *Probe) use() error {
	root := op.NewScope()
	a := op.Const(root.SubScope("a"), [][]float32{{1, 2}, {3, 4}})
	product := op.MatMul(root.SubScope("product"), a, a)
	graph, err := root.Finalize()
	if err != nil {
		return err
	}
	so, err := graphs.SessionOptions(graphs.Options{})
	if err != nil {
		return err
	}
	s, err := tf.NewSession(graph, so)
	if err != nil {
		return err
	}
	defer s.Close()
	devices, err := s.ListDevices()
	if err != nil {
		return err
	}
	for _, d := range devices {
		p.Devices = append(p.Devices, Device{d.Name, d.Type, d.MemoryLimitBytes})
	}
	out, err := s.Run(nil, []tf.Output{product}, nil)
	if err != nil {
		return err
	}
	if v, ok := out[0].Value().([][]float32); !ok || v[1][1] != 22 {
		return fmt.Errorf("want 22 as the last element of a matrix product, got %v", out[0].Value())
	}
	return nil
}
