package fetch

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Catalogue holds data sets by their names.
type Catalogue map[string]Set

// Set says where the files of a data set are.
type Set struct {
	// Address is the common beginning of all files' addresses, http or https.
	Address string `yaml:"address"`
	Files   []File `yaml:"files"`
}

// File is one file of a set, as it is served.
type File struct {
	Name   string `yaml:"name"`   // below Address, and in the folder that gets it
	Size   int64  `yaml:"size"`   // in bytes
	SHA256 string `yaml:"sha256"` // in hexadecimal
	// Unpack says that the file is a .tar.gz, and names the one folder that is
	// in it. "" leaves the file as it is.
	Unpack string `yaml:"unpack"`
	// Unpacked is the most that the files in an archive take, in bytes. 0: 4 GiB.
	Unpacked int64 `yaml:"unpacked"`
}

// unpackedLimit is the most that the files of an archive may take.
func (f File) unpackedLimit() int64 {
	if f.Unpacked > 0 {
		return f.Unpacked
	}
	return maxUnpacked
}

// maxSize of a file, in bytes.
const maxSize = 1 << 42

//go:embed catalogue.yaml
var catalogueText []byte

// BuiltInCatalogue returns the catalogue that comes with the program.
func BuiltInCatalogue() Catalogue {
	c, err := ReadCatalogue(catalogueText)
	if err != nil {
		panic(err) // a test reads it
	}
	return c
}

// ReadCatalogue reads a catalogue in the format of catalogue.yaml.
func ReadCatalogue(raw []byte) (Catalogue, error) {
	var c Catalogue
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("want a catalogue of data sets in YAML, got %s: see unwarp data fetch --list", strings.Join(strings.Fields(err.Error()), " "))
	}
	if len(c) == 0 {
		return nil, errors.New("want a catalogue of data sets, got none in it: see unwarp data fetch --list")
	}
	for name, s := range c {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

// check refuses sets that cannot be fetched, and names that lead out of the
// folder.
func (s Set) check() error {
	if err := CheckAddress(s.Address); err != nil {
		return err
	}
	if len(s.Files) == 0 {
		return errors.New("want files, got none: list them")
	}
	seen := map[string]bool{}
	for _, f := range s.Files {
		for _, name := range []string{f.Name, f.Unpack} {
			if name == "" && f.Name != "" {
				continue
			}
			if name == "." || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, partSuffix) || seen[name] {
				return fmt.Errorf("want a plain name for each file, once, got %q: change it", name)
			}
			seen[name] = true
		}
		if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != 32 {
			return fmt.Errorf("%s: want a SHA-256 of 64 hexadecimal digits, got %q: correct it", f.Name, f.SHA256)
		}
		if f.Size < 1 || f.Size > maxSize {
			return fmt.Errorf("%s: want a size of 1 to %d bytes, got %d: correct it", f.Name, int64(maxSize), f.Size)
		}
		if f.Unpacked < 0 || f.Unpacked > maxSize {
			return fmt.Errorf("%s: want 0 to %d unpacked bytes, got %d: correct it", f.Name, int64(maxSize), f.Unpacked)
		}
	}
	return nil
}

// CheckAddress refuses addresses that are not of a folder on a server.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("want an address that begins with http:// or https://, got %q: correct it", address)
	}
	return nil
}
