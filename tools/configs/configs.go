// Package configs embeds the configurations of the published results in the
// program. It imports the standard library only. KEYS.md explains all keys.
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
