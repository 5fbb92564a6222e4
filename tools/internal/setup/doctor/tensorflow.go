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

// TensorFlowCheck is the result of a process that used TensorFlow.
type TensorFlowCheck struct {
	TensorFlow string   `json:"tensorflow"`
	Devices    []Device `json:"devices"`
	Error      string   `json:"error,omitempty"`
}

// checkTimeout bounds a first session; with several GPUs it takes seconds.
const checkTimeout = 60 * time.Second

// runCheck runs args, which must print a TensorFlowCheck, in a separate process: a
// faulty driver, or a library built for another processor, ends that process and
// not this one.
func runCheck(ctx context.Context, args []string) (TensorFlowCheck, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=2")
	c.WaitDelay = time.Second
	var messages strings.Builder
	c.Stderr = &messages
	out, err := c.Output()
	if ctx.Err() != nil {
		return TensorFlowCheck{}, fmt.Errorf("no answer within %v", checkTimeout)
	}
	var p TensorFlowCheck
	if err == nil {
		err = json.Unmarshal(out, &p)
	}
	if err == nil && p.Error != "" {
		err = errors.New(p.Error)
	}
	if err != nil {
		if lines := strings.Split(strings.TrimSpace(messages.String()), "\n"); lines[0] != "" {
			err = fmt.Errorf("%w: %s", err, lines[0])
		}
	}
	return p, err
}

// CheckTensorFlow uses TensorFlow in this process: it multiplies two matrices and
// lists the devices.
func CheckTensorFlow() TensorFlowCheck {
	p := TensorFlowCheck{TensorFlow: tf.Version()}
	if err := p.runSession(); err != nil {
		p.Error = err.Error()
	}
	return p
}

func (p *TensorFlowCheck) runSession() error {
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
