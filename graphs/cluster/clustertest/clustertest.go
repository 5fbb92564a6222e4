// Package clustertest starts workers for tests, each a process of its own on
// loopback. It may import graphs and cluster.
package clustertest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
)

// address and version tell a test's binary to be a worker.
const (
	address = "UNWARP_TEST_WORKER"
	version = "UNWARP_TEST_WORKER_VERSION"
)

// Main runs the tests of a package, or is the worker that one of them has started:
// its TestMain calls nothing else.
func Main(m *testing.M) {
	at := os.Getenv(address)
	if at == "" {
		os.Exit(m.Run())
	}
	got, err := cluster.Serve(cluster.ServeOptions{Address: at, Device: graphs.CPU, Version: os.Getenv(version)})
	fmt.Println(got, err)
	if err == nil {
		_, _ = bufio.NewReader(os.Stdin).ReadByte() // ends with the test
	}
	os.Exit(0)
}

// Worker is a process that [Start] has started.
type Worker struct {
	Address string
	*exec.Cmd
}

// Start starts a worker on any free port, and ends it with the test.
func Start(t testing.TB) *Worker { return StartAt(t, "127.0.0.1:0", "") }

// StartAt starts a worker at an address. It says that its TensorFlow has the
// version, "" for the true one.
func StartAt(t testing.TB, at, ofVersion string) *Worker {
	t.Helper()
	w := &Worker{Cmd: exec.Command(os.Args[0], "-test.run=^$")}
	w.Env = append(os.Environ(), address+"="+at, version+"="+ofVersion)
	w.Stderr = os.Stderr
	in, err := w.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.StdoutPipe()
	if err == nil {
		err = w.Cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = w.Process.Kill()
		_ = w.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	w.Address, _, _ = strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || !strings.HasSuffix(line, " <nil>\n") {
		t.Fatalf("worker at %s: got %q, %v", at, line, err)
	}
	return w
}

// Kill ends the worker as kill -9 does.
func (w *Worker) Kill(t testing.TB) {
	t.Helper()
	if err := w.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = w.Wait()
}

// Addresses are those of the workers.
func Addresses(t testing.TB, workers ...*Worker) cluster.Addresses {
	t.Helper()
	var all []string
	for _, w := range workers {
		all = append(all, w.Address)
	}
	a, err := cluster.ParseAddresses(strings.Join(all, ","))
	if err != nil {
		t.Fatal(err)
	}
	return a
}
