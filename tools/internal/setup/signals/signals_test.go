package signals

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

const asChild = "TEST_SIGNALS_CHILD"

// TestMain makes the test binary a command that ends half a second after the
// signal: its exit code is 7 then, and 8 where no signal came for a second.
func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		os.Exit(m.Run())
	}
	grace = 100 * time.Millisecond
	ctx, stop := Context(context.Background())
	defer stop()
	fmt.Println("ready")
	select {
	case <-ctx.Done():
		fmt.Println("ending")
		time.Sleep(500 * time.Millisecond)
		os.Exit(7)
	case <-time.After(time.Second):
		os.Exit(8)
	}
}

// TestContext: the first signal lets a command end in its own way; then SIGINT
// and SIGTERM end it at once, but for one that comes with the first, and SIGHUP
// does not; nohup's stays ignored.
func TestContext(t *testing.T) {
	for _, row := range []struct {
		first, second syscall.Signal
		later         bool // the second comes after the grace
		nohup         bool
		code          int
	}{
		{syscall.SIGHUP, 0, false, false, 7},
		{syscall.SIGHUP, syscall.SIGHUP, true, false, 7},
		{syscall.SIGHUP, syscall.SIGTERM, false, false, 7},
		{syscall.SIGHUP, syscall.SIGTERM, true, false, -1},
		{syscall.SIGTERM, syscall.SIGHUP, true, false, 7},
		{syscall.SIGINT, syscall.SIGINT, false, false, 7},
		{syscall.SIGINT, syscall.SIGINT, true, false, -1},
		{syscall.SIGTERM, 0, false, false, 7},
		{syscall.SIGHUP, 0, false, true, 8},
		{syscall.SIGTERM, 0, false, true, 7},
	} {
		t.Run(fmt.Sprint(row), func(t *testing.T) {
			t.Parallel()
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), asChild+"=1")
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := start(c, row.nohup); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan()
			c.Process.Signal(row.first)
			if row.second != 0 {
				lines.Scan()
				if row.later {
					time.Sleep(250 * time.Millisecond)
				}
				c.Process.Signal(row.second)
			}
			for lines.Scan() {
			}
			c.Wait()
			if got := c.ProcessState.ExitCode(); got != row.code {
				t.Errorf("want exit code %d, got %d", row.code, got)
			}
		})
	}
}

// start starts a command with SIGHUP ignored or not, whatever this process does.
func start(c *exec.Cmd, nohup bool) error {
	if nohup {
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", `trap '' HUP; exec "$0"`, os.Args[0]}
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // what is handled here has its default in a child
	return c.Start()
}
