package main

import (
	"slices"
	"strings"

	"unwarp/tools/internal/run/config"
)

// wholeSets are those of which all images can be the test part.
var wholeSets = []string{"folder", "csv", "npz"}

// forOtherData is base without what it says of how many images its own set has, where
// --other-data names files elsewhere: a few new photos are then measured, all of them, also
// where they are not of all the classes, names.
func (f *runFlags) forOtherData(base config.Config, names []string) (config.Config, error) {
	if !f.otherData {
		return base, nil
	}
	c, err := config.Resolve(base, f.given())
	if err != nil || c.Data.Path == base.Data.Path {
		return base, usage(err)
	}
	base.Data.Train, base.Data.Validation, base.Data.Test, base.Data.ValidationToys = 0, 0, 0, 0
	if slices.Contains(wholeSets, c.Data.Set) {
		base.Data.Holdout = 1
	}
	list := strings.Join(names, ",")
	if base.Data.Order == "" && len(names) > 1 && strings.Count(list, ",") == len(names)-1 && (c.Data.Set == "folder" || c.Data.Set == "csv") {
		base.Data.Order = list
	}
	return base, nil
}
