package training

import (
	"fmt"

	"unwarp/tools/internal/run/config"
)

// idle says, if so, that there are more devices or workers than replicas.
func idle(c config.Config) []string {
	what, n := "workers", c.Workers.Len()
	if n == 0 {
		what, n = "devices", c.Devices.Len()
	}
	r := max(1, c.Train.Replicas)
	switch {
	case n <= r:
		return nil
	case c.Cluster.Elastic && c.Workers.Len() > 0:
		return []string{fmt.Sprintf("%d of %d workers stand by for others that are lost: train.replicas is %d", n-r, n, r)}
	}
	return []string{fmt.Sprintf("%d of %d %s compute nothing: train.replicas is %d", n-r, n, what, r)}
}
