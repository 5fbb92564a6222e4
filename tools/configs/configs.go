// Package configs holds the configurations of the results in the README, so
// that the program has them wherever it runs.
package configs

import (
	"embed"
	"fmt"
)

//go:embed *.yaml
var files embed.FS

// Read is the content of the file name.yaml.
func Read(name string) ([]byte, error) {
	raw, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("configs: there is no %s.yaml", name)
	}
	return raw, nil
}
