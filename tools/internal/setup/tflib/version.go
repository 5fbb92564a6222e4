package tflib

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// fits says whether a library of this version can be used.
func fits(version string) error {
	switch {
	case version == "":
		return fmt.Errorf("is of no known version, want %s.x; if it is right, name it with %s", Series, EnvLibrary)
	case version != Series && !strings.HasPrefix(version, Series+"."):
		return fmt.Errorf("is version %s, want %s.x", version, Series)
	}
	return nil
}

// libraryVersion finds the version of the library in dir from what pip wrote, from the file's full name
// (libtensorflow.so.2.18.0), from the library's own text and, last, from the headers. "" if none says it.
func libraryVersion(dir, file, include string, n fileNames) string {
	if v := distVersion(dir); v != "" {
		return v
	}
	if v := fileVersion.FindString(filepath.Base(file)); v != "" {
		return v
	}
	if v := textVersion(filepath.Join(dir, n.framework)); v != "" {
		return v
	}
	v, _ := HeaderVersion(include)
	return v
}

var (
	fileVersion   = regexp.MustCompile(`2\.\d+\.\d+`)
	distName      = regexp.MustCompile(`^tensorflow(?:_cpu|_gpu|_rocm|_macos)?-(\d[^-]*)\.dist-info$`)
	headerDefine  = regexp.MustCompile(`(?m)^#define TF_(MAJOR|MINOR|PATCH)_VERSION\s+(\d+)`)
	wholeVersion  = regexp.MustCompile(`^2\.\d+\.\d+(-?rc\d+)?$`)
	versionHeader = []string{"version.h", "release_version.h"}
)

// distVersion reads the name of the dist-info folder that pip leaves beside a package folder.
func distVersion(pkg string) string {
	if filepath.Base(pkg) != "tensorflow" {
		return ""
	}
	entries, err := os.ReadDir(filepath.Dir(pkg))
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if m := distName.FindStringSubmatch(e.Name()); m != nil {
			return m[1]
		}
	}
	return ""
}

// textVersion finds the NUL-terminated "2.x.y" in libtensorflow_framework. The other library holds several.
func textVersion(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for {
		at := bytes.Index(data, []byte("\x002."))
		if at < 0 {
			return ""
		}
		data = data[at+1:]
		if end := bytes.IndexByte(data[:min(16, len(data))], 0); end > 0 && wholeVersion.Match(data[:end]) {
			return string(data[:end])
		}
	}
}

// HeaderVersion reads the version that the C++ headers in an include folder declare. The folder of a plain
// C distribution may lack them: that is an error, but not a fault.
func HeaderVersion(include string) (string, error) {
	for _, name := range versionHeader {
		text, err := os.ReadFile(filepath.Join(include, "tensorflow/core/public", name))
		if err != nil {
			continue
		}
		part := map[string]string{}
		for _, m := range headerDefine.FindAllStringSubmatch(string(text), -1) {
			part[m[1]] = m[2]
		}
		if len(part) == 3 {
			return part["MAJOR"] + "." + part["MINOR"] + "." + part["PATCH"], nil
		}
	}
	return "", fmt.Errorf("tflib: %s: no TF_MAJOR_VERSION in tensorflow/core/public/%s", include, strings.Join(versionHeader, " or "))
}
