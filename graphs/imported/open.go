package imported

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Formats are the formats of files, as model.encoder names them.
const (
	SavedModel = "savedmodel"
	ONNX       = "onnx"
)

// Opener opens a file of one format.
type Opener func(path string, o Options) (Network, error)

var openers = map[string]Opener{}

// Register makes open the reader of a format.
func Register(format string, open Opener) { openers[format] = open }

// opened are networks that were read, so that a graph with several passes reads
// its file once.
var opened struct {
	sync.Mutex
	list []openedNetwork
}

type openedNetwork struct {
	format, path string
	options      Options
	files        []fileState
	network      Network
}

// fileState tells whether a file was replaced.
type fileState struct {
	size     int64
	modified time.Time
}

// mostOpened is how many networks are kept.
const mostOpened = 4

// Open opens a file. One that was opened before with the same options, and has not
// changed since, is not read again.
func Open(format, path string, o Options) (Network, error) {
	opened.Lock()
	defer opened.Unlock()
	for _, n := range opened.list {
		if n.format == format && n.path == path && n.options == o && slices.Equal(n.files, statesOf(n.network.Files())) {
			return n.network, nil
		}
	}
	open := openers[format]
	if open == nil {
		return nil, fmt.Errorf("want a network in a format that can be read, got %q: name one of %s", format, strings.Join(Known(), ", "))
	}
	n, err := open(path, o)
	if err != nil {
		return nil, err
	}
	opened.list = append(opened.list, openedNetwork{format, path, o, statesOf(n.Files()), n})
	if len(opened.list) > mostOpened {
		opened.list = opened.list[1:]
	}
	return n, nil
}

// Known are the formats that have a reader.
func Known() []string {
	var all []string
	for format := range openers {
		all = append(all, format)
	}
	slices.Sort(all)
	return all
}

func statesOf(files []string) []fileState {
	out := make([]fileState, len(files))
	for i, path := range files {
		if info, err := os.Stat(path); err == nil {
			out[i] = fileState{info.Size(), info.ModTime()}
		}
	}
	return out
}
