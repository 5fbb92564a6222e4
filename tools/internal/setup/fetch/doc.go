// Package fetch downloads public data sets. An interrupted download continues
// where it ended, a file gets its name only when its checksum is right, and
// archives are unpacked.
//
// It imports files, ctxio of tools/internal/setup, flock, and a YAML reader.
package fetch
