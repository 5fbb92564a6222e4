package main

import (
	"errors"
	"fmt"
	"os"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
)

// refuseCorruptions refuses what nothing can be proven of.
func refuseCorruptions(a config.Attack) error {
	if a.MeasuresCorruptions() {
		return usage(errors.New("--threat: want a norm or a geometric threat, got corruptions: they are measured, see unwarp attack, not proven"))
	}
	return nil
}

// checkSizes refuses a flag that the threat would leave without effect.
func (o certifyOptions) checkSizes(a config.Attack) error {
	t, err := a.ParseThreat()
	switch {
	case err != nil:
		return usage(err)
	case t.IsGeometric() && o.eps:
		return usage(fmt.Errorf("--eps: want --sizes for %s, in %s", t, t.Geometry.Unit()))
	case !t.IsGeometric() && o.sizes:
		return usage(fmt.Errorf("--sizes: want --eps for %s, or a geometric --threat such as rotate(30)", t))
	}
	return nil
}

// threatFolder is the folder in folder for proofs of the configured threat, which
// is made.
func threatFolder(folder string, a config.Attack) (string, error) {
	t, err := a.ParseThreat()
	if err != nil || !t.IsGeometric() {
		return folder, err
	}
	folder = report.ThreatFolder(folder, t)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", notWritten("--out", folder, err)
	}
	return folder, nil
}
