// Command killloop kills unwarp at random moments and resumes it, many times, and
// compares what is left with runs that were never killed.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const help = `killloop kills unwarp at random moments, resumes it, and compares the result with that of commands that
were never killed: the weights of every checkpoint and all metrics bit by bit, the figures of the evaluation, every
file of the export. It looks for temporary files that are left. Trainings, evaluations and exports take turns. The
signals are SIGKILL, SIGTERM, SIGINT and SIGHUP; a part of the kills waits for a checkpoint or export to be
written. Exit code 1: something differed; the folder is kept then.

With --cluster it trains on two workers on loopback, and kills them, freezes them for 1 to 9 seconds, or kills the
driver; every second training is elastic.

usage:
  go run ./tools/tf go run ./tools/killloop [--kills N] [--seed N] [--unwarp PROGRAM] [--dir DIR] [--cluster]
`

func main() {
	var l loop
	flag.IntVar(&l.kills, "kills", 200, "end after so many")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments and signals; timing adds its own chance")
	flag.StringVar(&l.program, "unwarp", "", "the program; built if it is missing")
	flag.StringVar(&l.dir, "dir", "", "folder for the runs; a temporary one if it is missing")
	cluster := flag.Bool("cluster", false, "workers and their driver in place of single commands")
	flag.Usage = func() { fmt.Fprint(os.Stderr, help); flag.PrintDefaults() }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // under nohup the children would ignore it
	l.random = rand.New(rand.NewPCG(*seed, 1))
	fmt.Printf("seed %d\n", *seed)
	run := l.run
	if *cluster {
		run = l.runCluster
	}
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "killloop: %v\nkilled %d times; the runs are in %s\n", err, l.counts.kills(), l.dir)
		os.Exit(1)
	}
}

// loop is one call of the program.
type loop struct {
	kills   int
	program string
	dir     string
	random  *rand.Rand
	counts  counts
}

// run prepares, and lets the three kinds of job take turns until there are enough
// kills.
func (l *loop) run(ctx context.Context) error {
	start := time.Now()
	if err := l.prepare(ctx); err != nil {
		return err
	}
	jobs := []func(ctx context.Context) error{l.train, l.attack, l.export}
	for round := 0; l.counts.kills() < l.kills; round++ {
		if err := jobs[round%len(jobs)](ctx); err != nil {
			return err
		}
		fmt.Printf("%4d kills, %v: %s\n", l.counts.kills(), time.Since(start).Round(time.Second), l.counts)
	}
	fmt.Printf("all equal to what was never killed: %d kills in %v\n%s", l.counts.kills(), time.Since(start).Round(time.Second), l.counts.table())
	return os.RemoveAll(l.dir)
}

// prepare makes what everything is compared with.
func (l *loop) prepare(ctx context.Context) error {
	if err := l.prepareFolder(ctx, configuration); err != nil {
		return err
	}
	for _, args := range [][]string{l.trainArgs("alone", false), l.attackArgs("alone-attack", false), l.exportArgs("alone-export")} {
		if err := l.finish(ctx, args); err != nil {
			return err
		}
	}
	return nil
}

// prepareFolder makes the folder with the configuration, and builds the program
// where none is given.
func (l *loop) prepareFolder(ctx context.Context, configuration string) (err error) {
	if l.dir == "" {
		if l.dir, err = os.MkdirTemp("", "killloop-*"); err != nil {
			return err
		}
	} else if err := os.Mkdir(l.dir, 0o777); err != nil {
		return err
	}
	if l.dir, err = filepath.Abs(l.dir); err != nil {
		return err
	}
	if l.program == "" {
		l.program = filepath.Join(l.dir, "unwarp")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", l.program, "./tools/unwarp").CombinedOutput(); err != nil {
			return fmt.Errorf("building unwarp: %w: %s", err, out)
		}
	}
	if l.program, err = filepath.Abs(l.program); err != nil {
		return err
	}
	return os.WriteFile(l.path("config.yaml"), []byte(configuration), 0o666)
}

func (l *loop) path(name string) string { return filepath.Join(l.dir, name) }
