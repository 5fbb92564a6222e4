package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"unwarp/graphs/cluster"
)

// Worker is what was found out about a worker.
type Worker struct {
	cluster.Info
	cluster.Speed
	Error string `json:"error,omitempty"`
}

// checkWorkers asks each worker what it is and measures the way to it.
func (r *Report) checkWorkers(ctx context.Context, all cluster.Addresses) {
	for _, address := range all.List() {
		w := Worker{Info: cluster.Info{Address: address}}
		info, err := cluster.Check(ctx, address)
		if w.Info = info; err == nil {
			w.Speed, err = cluster.Probe(ctx, address)
		}
		if err != nil {
			w.Error = err.Error()
			r.addBroken("unwarp worker --help says how a worker is started; a firewall or a tunnel may be in between", "%v", err)
		}
		r.Workers = append(r.Workers, w)
	}
}

// printWorkers prints a line for each worker.
func (r Report) printWorkers(out io.Writer) {
	for _, w := range r.Workers {
		var kinds []string
		for _, d := range w.Devices {
			kinds = append(kinds, d.Type)
		}
		what := "not usable"
		if w.Error == "" {
			what = fmt.Sprintf("TensorFlow %s, %s, round trip %v, %.0f MB/s to it, %.0f MB/s from it",
				w.Version, strings.Join(kinds, " "), w.RoundTrip.Round(10*time.Microsecond), w.Up/1e6, w.Down/1e6)
		}
		fmt.Fprintf(out, "%-12s  %s: %s\n", "worker", w.Address, what)
	}
}
