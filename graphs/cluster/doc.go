// Package cluster computes graphs on other machines, by TensorFlow's own runtime:
// [Serve] makes a process a worker, [Connect] opens a session on one, and a [Pool]
// shares out jobs among several and bears their faults. It may import graphs.
//
// A worker is a TensorFlow server that is a cluster of its own. It knows nothing of
// the driver nor of other workers, keeps nothing that a driver could not send again,
// and never connects to anyone. So one that is lost takes nothing along, and each
// fault has a name.
//
// The transport has no encryption and no authentication: whoever reaches the port can
// run any graph, and graphs read and write files. Workers belong on loopback, in a
// private network, or behind a tunnel.
package cluster
