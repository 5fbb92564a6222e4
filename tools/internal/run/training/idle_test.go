package training

import (
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/tools/internal/run/config"
)

// What computes nothing is said; one that takes over for others is not idle.
func TestIdle(t *testing.T) {
	for _, row := range []struct {
		devices, workers string
		replicas         int
		elastic          bool
		want             string
	}{
		{"cpu:3", "", 1, false, "2 of 3 devices compute nothing: train.replicas is 1"},
		{"cpu:3", "", 4, false, ""},
		{"auto", "", 1, false, ""},
		{"auto", "a:1,b:1,c:1", 2, false, "1 of 3 workers compute nothing"},
		{"auto", "a:1,b:1,c:1", 2, true, "1 of 3 workers stand by"},
		{"auto", "a:1,b:1", 2, true, ""},
	} {
		c := config.Default()
		var err, err2 error
		c.Devices, err = graphs.ParseDevices(row.devices)
		c.Workers, err2 = cluster.ParseAddresses(row.workers)
		c.Train.Replicas, c.Cluster.Elastic = row.replicas, row.elastic
		if got := strings.Join(idle(c), "\n"); err != nil || err2 != nil || !strings.HasPrefix(got, row.want) || (got == "") != (row.want == "") {
			t.Errorf("%+v: got %q, %v, %v", row, got, err, err2)
		}
	}
}
