package main

import (
	"bufio"
	"path/filepath"
	"strings"
	"testing"
)

// startWorker starts unwarp worker as a process, and ends it with the test.
func startWorker(t *testing.T) (address string) {
	t.Helper()
	c := child(t, "worker", "--listen", "127.0.0.1:0")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, _, _ = strings.Cut(strings.TrimPrefix(line, "listening on "), ";")
	if err != nil || !strings.HasPrefix(line, "listening on 127.0.0.1:") {
		t.Fatalf("got %q, %v", line, err)
	}
	return address
}

// A run on two workers is that of two replicas on one device, goes on with one
// worker, and doctor sees both.
func TestTrainOnWorkers(t *testing.T) {
	config := configFile(t, strings.Replace(long, "duration: 30st", "duration: 6st", 1))
	here, there := filepath.Join(t.TempDir(), "here"), filepath.Join(t.TempDir(), "there")
	must(t, "train", "--config", config, "--run", here, "--set", "train.replicas=2")
	a, b := startWorker(t), startWorker(t)
	r := must(t, "train", "--config", config, "--run", there, "--workers", a+","+b)
	got := weights(t, there)
	for name, raw := range weights(t, here) {
		if string(got[name]) != string(raw) {
			t.Errorf("%s differs from that of one device: %s", name, r.err)
		}
	}
	must(t, "train", "--resume", there, "--workers", b)
	attack := []string{"attack", there, "--attack", "random", "--images", "4", "--checks", "0"}
	if r := must(t, attack...); !strings.Contains(r.err, "attacked on this machine: --workers "+a+","+b) {
		t.Errorf("want the workers of the training named, got %q", r.err)
	}
	if r := must(t, append(attack, "--workers", a)...); strings.Contains(r.err, "attacked on this machine") {
		t.Errorf("want nothing said of workers, got %q", r.err)
	}
	d := unwarp(t, "doctor", "--workers", a+","+b)
	for _, address := range []string{a, b} {
		if !strings.Contains(d.out, address+": TensorFlow 2.18") {
			t.Errorf("want worker %s, got %s", address, d.out)
		}
	}
}

// A training that never reached its workers leaves its folder free.
func TestUnbegunRunIsFree(t *testing.T) {
	args := []string{"train", "--config", configFile(t, long), "--run", filepath.Join(t.TempDir(), "run"), "--workers", "127.0.0.1:1,127.0.0.1:2", "--set", "cluster.wait=0.1"}
	for range 2 {
		if r := unwarp(t, args...); !strings.Contains(r.err, "no worker listens there") {
			t.Errorf("got %q", r.err)
		}
	}
}

func TestWorkersRefused(t *testing.T) {
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"worker", "--listen", "0.0.0.0:7077"}, "is not loopback: there is no encryption and no authentication"},
		{[]string{"worker", "--listen", "here"}, "want an IPv4 address and a port"},
		{[]string{"worker", "--threads", "-1"}, "--threads: want 0 to 4096"},
		{[]string{"worker", "--device", "tpu"}, "device: want auto, cpu or gpu"},
		{[]string{"doctor", "--workers", ""}, "--workers: want workers to check"},
		{[]string{"train", "--workers", "127.0.0.1:1,"}, `got "127.0.0.1:1,"`},
		{[]string{"train", "--workers", "a"}, "workers: want workers as host:port"},
		{[]string{"train", "--devices", "cpu:0"}, "devices: want auto, cpu:N"},
		{[]string{"train", "--devices", "cpu:2", "--workers", "a:1"}, "devices: want auto beside workers"},
		{[]string{"train", "--devices", "gpu:0,gpu:1", "--device", "cpu"}, "devices: want cpu devices or auto"},
		{[]string{"train", "--set", "train.replicas=60", "--set", "train.batch=8"}, "train.replicas: want at most train.batch"},
		{[]string{"train", "--elastic"}, "--elastic: want workers beside it, got none"},
		{[]string{"train", "--set", "Cluster.wait=3"}, "--set Cluster.wait=3: want workers beside it"},
		{[]string{"attack", trained(t), "--elastic"}, "--elastic: want workers beside it"},
		{[]string{"evaluate", trained(t), "--set", "workers=a:1"}, "this command computes on this machine"},
		{[]string{"attack", trained(t), "--set", "devices=cpu:2"}, "this command computes on one device"},
		{[]string{"train", "--set", "train.gradients=float16"}, "train.gradients: want float32 or bfloat16"},
	} {
		r := unwarp(t, row.args...)
		if r.code != exitUsage || !strings.Contains(r.err, row.want) {
			t.Errorf("%v: want exit code %d and %q, got %d and %q", row.args, exitUsage, row.want, r.code, r.err)
		}
	}
}
