package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Info is what a worker says of itself.
type Info struct {
	Address string      `json:"address"`
	Version string      `json:"tensorflow"` // "" of a TensorFlow server that says none
	Devices []tf.Device `json:"devices"`
}

// greeting is the longest that a worker may take to say what it is.
const greeting = 10 * time.Second

// Check asks the worker at address what it is. It returns a [LostError] where
// nobody answers, and a [RefusedError] where the answer does not suit this program.
func Check(ctx context.Context, address string) (Info, error) {
	if err := reach(address, greeting); err != nil {
		return Info{Address: address}, &LostError{address, err}
	}
	info, err := ask(ctx, address)
	if err != nil {
		return info, err
	}
	return info, info.check(tf.Version())
}

// ask lists the devices of the server at address.
func ask(ctx context.Context, address string) (Info, error) {
	info := Info{Address: address}
	scope := op.NewScope()
	op.NoOp(scope)
	graph, err := scope.Finalize()
	if err != nil {
		return info, err
	}
	o, err := graphs.SessionOptions(graphs.Options{Target: target(address), Deadline: greeting})
	if err != nil {
		return info, err
	}
	var devices []tf.Device
	err = watch(ctx, address, 0, func() error {
		session, err := tf.NewSession(graph, o)
		if err != nil {
			return err
		}
		defer closeSession(session) // not before the list is there
		devices, err = session.ListDevices()
		return err
	})
	switch {
	case ctx.Err() != nil:
		return info, ctx.Err()
	case err != nil && (strings.Contains(err.Error(), "Deadline Exceeded") || isForgotten(err)), errors.Is(err, errNobody):
		return info, &LostError{address, explain(address, err, greeting)}
	case err != nil:
		return info, &RefusedError{address, fmt.Errorf("what listens there is no worker (%w): start one with unwarp worker", graphs.FirstLine(err))}
	}
	info.Devices, info.Version = devices, versionIn(devices)
	return info, nil
}

// check compares the version with the driver's: other kernels give other numbers.
func (i Info) check(own string) error {
	switch {
	case i.Version == "":
		return &RefusedError{i.Address, errors.New("want a worker of unwarp, got another TensorFlow server, which does not say its version: start it with unwarp worker")}
	case jobName(i.Version) != jobName(own):
		return &RefusedError{i.Address, fmt.Errorf("want TensorFlow %s as here, got %s: give both machines the same build of unwarp", own, i.Version)}
	}
	return nil
}

func target(address string) string { return "grpc://" + address }
