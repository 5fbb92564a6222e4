package graphtest

import (
	"strings"
	"testing"

	"unwarp/graphs"
)

// Refused fails unless declare makes [graphs.Build] return an error of one
// line that holds every one of parts.
func Refused(t testing.TB, declare func(b *graphs.Builder), parts ...string) {
	t.Helper()
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		declare(b)
		return b.Err()
	})
	if err == nil {
		net.Close()
		t.Errorf("want an error that says %q, got a net", parts)
		return
	}
	Says(t, err, parts...)
}

// Says fails unless err is one line that holds every one of parts.
func Says(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("want an error that says %q, got none", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("want an error that says %q, got: %v", p, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("want an error of one line, got: %v", err)
	}
}
