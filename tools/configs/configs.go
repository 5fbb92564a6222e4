// Package configs embeds the configurations of the published results in the
// program, where they are also presets. It imports the standard library only.
// KEYS.md explains all keys.
package configs

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// others are presets that stand for a file of another name.
var others = map[string]string{
	"robust": "mnist-ibp", // the recipe for which most is proven on two cores
}

// Read is the content of the file name.yaml, or of the file that a preset of
// another name stands for.
func Read(name string) ([]byte, error) {
	if file, ok := others[name]; ok {
		name = file
	}
	raw, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("configs: there is no %s.yaml", name)
	}
	return raw, nil
}

// Names are the presets: those of others first, then the files, sorted.
func Names() []string {
	var short, all []string
	for name := range others {
		short = append(short, name)
	}
	entries, _ := files.ReadDir(".") // of an embedded folder: it cannot fail
	for _, e := range entries {
		all = append(all, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(short)
	return append(short, all...)
}
