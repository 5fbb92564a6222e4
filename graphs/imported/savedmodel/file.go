package savedmodel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	functionpb "github.com/wamuir/graft/tensorflow/core/framework/function_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"

	"unwarp/graphs/memory"
)

// GraphFile is the file by which a SavedModel is known.
const GraphFile = "saved_model.pb"

// IsSavedModel tells whether dir holds a SavedModel.
func IsSavedModel(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, GraphFile))
	return err == nil && info.Mode().IsRegular()
}

// file is the content of saved_model.pb.
type file struct {
	dir       string
	meta      *pb.MetaGraphDef
	nodes     map[string]*nodepb.NodeDef
	functions map[string]*function
	bytes     int64 // size of the file
}

// function is one of the file's functions.
type function struct {
	name  string
	def   *functionpb.FunctionDef
	nodes map[string]*nodepb.NodeDef
	args  map[string]int // places of the arguments
}

// readFile reads the graph of the SavedModel in dir.
func readFile(dir string) (*file, error) {
	path := filepath.Join(dir, GraphFile)
	raw, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	f := &file{dir: dir, bytes: int64(len(raw))}
	var m pb.SavedModel
	if err := decodeBounded(raw, &m); err != nil {
		return nil, err
	}
	if f.meta, err = chooseGraph(&m); err != nil {
		return nil, err
	}
	if f.nodes, err = byName(f.meta.GetGraphDef().GetNode()); err != nil {
		return nil, err
	}
	return f, f.readFunctions()
}

// maxFile is the largest graph that the format allows.
const maxFile = 1<<31 - 1

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe):
		return nil, pe.Err
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("want a file, got something else")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("want at most 2 GiB, got %s", memory.Format(uint64(info.Size())))
	}
	if err := memory.Check("reading the graph", 3*uint64(info.Size()), "free some memory"); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// chooseGraph takes the graph for inference, tagged "serve", or the only one.
func chooseGraph(m *pb.SavedModel) (*pb.MetaGraphDef, error) {
	all := m.GetMetaGraphs()
	if len(all) == 0 {
		return nil, errDamaged
	}
	best, tags := -1, []string{}
	for i, g := range all {
		t := g.GetMetaInfoDef().GetTags()
		tags = append(tags, fmt.Sprint(t))
		if slices.Contains(t, "serve") && (best < 0 || len(t) < len(all[best].GetMetaInfoDef().GetTags())) {
			best = i
		}
	}
	switch {
	case best >= 0:
		return all[best], nil
	case len(all) == 1:
		return all[0], nil
	}
	return nil, fmt.Errorf("want a graph with the tag serve, got those with %.120s", strings.Join(tags, " "))
}

func byName(list []*nodepb.NodeDef) (map[string]*nodepb.NodeDef, error) {
	nodes := make(map[string]*nodepb.NodeDef, len(list))
	for _, n := range list {
		if nodes[n.GetName()] != nil {
			return nil, fmt.Errorf("two nodes are called %.60q: it is damaged", n.GetName())
		}
		nodes[n.GetName()] = n
	}
	return nodes, nil
}

func (f *file) readFunctions() (err error) {
	f.functions = map[string]*function{}
	for _, d := range f.meta.GetGraphDef().GetLibrary().GetFunction() {
		fn := &function{name: d.GetSignature().GetName(), def: d, args: map[string]int{}}
		if fn.nodes, err = byName(d.GetNodeDef()); err != nil {
			return fmt.Errorf("function %.60q: %w", fn.name, err)
		}
		for i, a := range d.GetSignature().GetInputArg() {
			fn.args[a.GetName()] = i
		}
		f.functions[fn.name] = fn
	}
	return nil
}
