package cluster

import (
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// jobPrefix begins the name of a worker's job, which ends with the version of its
// TensorFlow. Names of devices hold it, so a driver sees the version.
const jobPrefix = "unwarp_tensorflow_"

// jobName is the name of the job of a worker: jobs have no dots in their names.
func jobName(version string) string {
	return jobPrefix + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, version)
}

// versionIn is the version that the name of a device says, "" if it says none.
func versionIn(devices []tf.Device) string {
	for _, d := range devices {
		job, _, _ := strings.Cut(strings.TrimPrefix(d.Name, "/job:"), "/")
		if version, ok := strings.CutPrefix(job, jobPrefix); ok {
			return strings.ReplaceAll(version, "_", ".")
		}
	}
	return ""
}
