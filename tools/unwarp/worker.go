package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/tools/internal/run/quiet"
	"unwarp/tools/internal/setup/tfload"
)

type workerOptions struct {
	serve  cluster.ServeOptions
	device string
}

func newWorker() *cobra.Command {
	var o workerOptions
	c := &cobra.Command{
		Use:   "worker",
		Short: "Compute for trainings that run on another machine",
		Long: `Worker waits for trainings that name it in --workers and computes their
replicas, until it is ended. It needs neither data nor configuration, and keeps
nothing: it may be killed and started again at any time. Several trainings may
use it at once. Give each machine the same build of unwarp.

It listens on loopback unless --insecure-network is given: there is no
encryption and no authentication, and whoever reaches the port can run code on
this machine and read and write its files. So use it in a private network that
you trust, or leave it on loopback and reach it through a tunnel, such as
  ssh -N -L 7077:127.0.0.1:7077 other-machine
which makes the worker of other-machine 127.0.0.1:7077 here.

One worker computes on all cores, or on the first GPU: on a machine with several
start one for each, with another port and CUDA_VISIBLE_DEVICES (GPUs: untested).`,
		Example: `  unwarp worker
  unwarp worker --listen 127.0.0.1:7078 --threads 2
  unwarp worker --listen 10.0.0.2:7077 --insecure-network
  unwarp train --workers 10.0.0.2:7077,10.0.0.3:7077
  unwarp doctor --workers 10.0.0.2:7077,10.0.0.3:7077`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runWorker(c.Context(), o, c.OutOrStdout()) },
	}
	f := c.Flags()
	f.StringVar(&o.serve.Address, "listen", "127.0.0.1:7077", "`ADDRESS`: IPv4 and port, port 0 for any that is free")
	f.BoolVar(&o.serve.Insecure, "insecure-network", false, "listen on another address than loopback, without any protection")
	f.IntVar(&o.serve.Threads, "threads", 0, "`N` threads within one op, 0 for all cores")
	f.StringVar(&o.device, "device", string(graphs.Auto), "`DEVICE`: auto, cpu or gpu")
	return c
}

func runWorker(ctx context.Context, o workerOptions, out io.Writer) error {
	if o.serve.Threads < 0 || o.serve.Threads > 4096 {
		return usage(fmt.Errorf("--threads: want 0 to 4096, got %d", o.serve.Threads))
	}
	if err := tfload.Load(ctx); err != nil {
		return err
	}
	o.serve.Device = graphs.Device(o.device)
	var address string
	err := quiet.During(func() (err error) {
		address, err = cluster.Serve(o.serve)
		return err
	})
	if err != nil {
		return usage(err)
	}
	fmt.Fprintf(out, "listening on %s; end with Ctrl-C\n", address)
	<-ctx.Done()
	return nil
}
