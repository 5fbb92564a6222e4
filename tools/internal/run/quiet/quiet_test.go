//go:build linux || darwin

package quiet

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// captured is what f writes to the file behind standard error.
func captured(t *testing.T, f func()) string {
	t.Helper()
	to, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	before, err := unix.Dup(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Dup2(int(to.Fd()), 2); err != nil {
		t.Fatal(err)
	}
	f()
	unix.Dup2(before, 2)
	unix.Close(before)
	raw, err := os.ReadFile(to.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func say(line string) { unix.Write(2, []byte(line+"\n")) }

func TestDuring(t *testing.T) {
	const pass = "I0000 00:00:1795.1 7 mlir_graph_optimization_pass.cc:425] MLIR V1 optimization pass is not enabled"
	wrong := errors.New("wrong")
	var err error
	got := captured(t, func() {
		err = During(func() error {
			say("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR")
			say(pass)
			say("E0000 a driver is missing")
			return wrong
		})
		say(pass) // afterwards nothing is held back
	})
	if err != wrong {
		t.Errorf("want the error of the function, got %v", err)
	}
	if want := "E0000 a driver is missing\n" + pass + "\n"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestDuringAPanic(t *testing.T) {
	got := captured(t, func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		During(func() error { say("before"); panic("now") })
	})
	if !strings.Contains(got, "before") {
		t.Errorf("what was said before a panic is lost: %q", got)
	}
}
