package cluster

/*
#cgo LDFLAGS: -ltensorflow
#include <stdlib.h>
#include "tensorflow/c/c_api.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unsafe"

	tf "github.com/wamuir/graft/tensorflow"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// ServeOptions say where and how a worker computes.
type ServeOptions struct {
	Address  string        // ipv4:port, "127.0.0.1:0" for any free port
	Insecure bool          // addresses other than loopback are meant
	Device   graphs.Device // "" means Auto
	Threads  int           // within one op, 0 means one per core
	Version  string        // that it says it has; "" means TensorFlow's
}

// Serve makes this process a worker until it ends: TensorFlow's servers cannot be
// stopped. It returns the address on which the worker listens.
func Serve(o ServeOptions) (address string, err error) {
	ip, port, err := o.parseAddress()
	if err != nil {
		return "", err
	}
	if o.Version == "" {
		o.Version = tf.Version()
	}
	def, err := o.serverDef(ip, port)
	if err != nil {
		return "", err
	}
	if err := o.tryListening(ip, port); err != nil {
		return "", err
	}
	done, err := narrow(ip)
	if err != nil {
		return "", err
	}
	defer done()
	keepMemory()
	target, err := startServer(def)
	if err != nil {
		return "", fmt.Errorf("worker: listening on %s: %w", o.Address, graphs.FirstLine(err))
	}
	_, bound, _ := strings.Cut(strings.TrimPrefix(target, "grpc://"), ":")
	return net.JoinHostPort(ip.String(), bound), checkListening(ip, bound)
}

// parseAddress refuses what a worker must not listen on.
func (o ServeOptions) parseAddress() (ip net.IP, port int, err error) {
	host, text, err := net.SplitHostPort(o.Address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if ip = net.ParseIP(host).To4(); host == "localhost" {
		ip = net.IPv4(127, 0, 0, 1).To4()
	}
	if err != nil || ip == nil || port < 0 || port > 65535 {
		return nil, 0, fmt.Errorf("--listen: want an IPv4 address and a port, such as 127.0.0.1:7077, got %q", o.Address)
	}
	if !ip.IsLoopback() && !o.Insecure {
		return nil, 0, fmt.Errorf("--listen: %s is not loopback: there is no encryption and no authentication, and whoever reaches the port can run code and read files: use a tunnel to 127.0.0.1, or in a private network add --insecure-network", o.Address)
	}
	return ip, port, nil
}

// tryListening refuses an address on which nothing can listen: TensorFlow ends the
// process, or shares the port, where another listens on it.
func (o ServeOptions) tryListening(ip net.IP, port int) error {
	l, err := net.Listen("tcp4", net.JoinHostPort(ip.String(), strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("--listen: %s cannot be listened on: %w: choose another port, or end what listens there", o.Address, reason(err))
	}
	return l.Close()
}

// serverDef is a cluster of one task, whose job's name says the version.
func (o ServeOptions) serverDef(ip net.IP, port int) ([]byte, error) {
	so, err := graphs.SessionOptions(graphs.Options{Device: o.Device, Threads: o.Threads})
	if err != nil {
		return nil, err
	}
	config := &pb.ConfigProto{}
	if err := proto.Unmarshal(so.Config, config); err != nil {
		return nil, err
	}
	job := jobName(o.Version)
	task := map[int32]string{0: fmt.Sprintf("%s:%d", ip, port)}
	return proto.Marshal(&pb.ServerDef{
		Cluster: &pb.ClusterDef{Job: []*pb.JobDef{{Name: job, Tasks: task}}},
		JobName: job, Protocol: "grpc", DefaultSessionConfig: config,
	})
}

// startServer starts a server and returns its target, grpc://host:port.
func startServer(def []byte) (string, error) {
	status := C.TF_NewStatus()
	defer C.TF_DeleteStatus(status)
	s := C.TF_NewServer(unsafe.Pointer(&def[0]), C.size_t(len(def)), status)
	if C.TF_GetCode(status) == C.TF_OK {
		C.TF_ServerStart(s, status)
	}
	if C.TF_GetCode(status) != C.TF_OK {
		return "", errors.New(C.GoString(C.TF_Message(status)))
	}
	return C.GoString(C.TF_ServerTarget(s)), nil
}
