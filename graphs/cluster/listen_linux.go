package cluster

/*
#cgo LDFLAGS: -Wl,-E
#include <stdlib.h>
#include "server.h"
*/
import "C"

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// narrow has TensorFlow listen on ip alone, until done.
func narrow(ip net.IP) (done func(), err error) {
	if ip.IsUnspecified() {
		return func() {}, nil
	}
	text := C.CString(ip.String())
	defer C.free(unsafe.Pointer(text))
	C.cluster_narrow(text)
	return func() { C.cluster_widen() }, nil
}

// checkListening makes sure that nothing listens on the port on all interfaces
// unless that is meant: what [narrow] does rests on how the program was linked.
func checkListening(ip net.IP, port string) error {
	if ip.IsUnspecified() {
		return nil
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue // a kernel without IPv6
		}
		for line := range strings.Lines(string(raw)) {
			if at, ok := listening(line, port); ok && at.IsUnspecified() {
				return fmt.Errorf("worker: want to listen on %s alone, but TensorFlow listens on all interfaces: build the program anew with tools/tf", ip)
			}
		}
	}
	return nil
}

// listening is the address of a line of /proc/net/tcp or tcp6, if it is that of a
// socket that listens on port.
func listening(line, port string) (net.IP, bool) {
	const listens = "0A"
	f := strings.Fields(line)
	if len(f) < 4 || f[3] != listens {
		return nil, false
	}
	address, hexPort, _ := strings.Cut(f[1], ":")
	number, err := strconv.ParseUint(hexPort, 16, 16)
	raw, err2 := hex.DecodeString(address)
	if err != nil || err2 != nil || strconv.FormatUint(number, 10) != port {
		return nil, false
	}
	for word := range slices.Chunk(raw, 4) { // each in the order of the machine
		slices.Reverse(word)
	}
	return net.IP(raw), true
}
