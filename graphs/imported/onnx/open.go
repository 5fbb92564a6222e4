package onnx

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/graphs/imported"
	"unwarp/graphs/onnx/format"
)

// Limits of a file. A protocol buffer has less than 2 GiB; more weights are beside it.
const (
	maxFile            = 1<<31 - 1
	oldest, newest     = 9, 21
	newestThatIsKnown  = 28
	maxWeights         = 1 << 34 // bytes
	maxNamesInAMessage = 6
	maxNodes           = 100_000
)

// Open reads the ONNX file at path.
func Open(path string, o imported.Options) (*Network, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	x, err := Decode(data, path, o)
	if err != nil {
		return nil, fmt.Errorf("onnx: %.120s: %w", path, err)
	}
	return x, nil
}

func readFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("want a file, got something else") // opening a pipe waits
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%.120s: want a file", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%.120s: want a file of at most %d bytes, got %d: keep weights in a file beside it", path, maxFile, info.Size())
	}
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// Decode reads an ONNX file from memory; path is where it lies, and beside it the
// files that it names.
func Decode(data []byte, path string, o imported.Options) (*Network, error) {
	m, err := format.Parse(data)
	if err != nil {
		return nil, err
	}
	x := &Network{path: path, graph: m.Graph, constants: map[string]*tensor{}, producers: map[string]*format.Node{}, outside: &outside{filepath.Dir(path)}}
	for _, step := range []func(m *format.Model) error{x.checkSets, x.index, x.readConstants} {
		if err := step(m); err != nil {
			return nil, err
		}
	}
	if err := x.sign(m, o); err != nil {
		return nil, err
	}
	if err := x.checkOperators(); err != nil {
		return nil, err
	}
	if err := x.makePlan(); err != nil {
		return nil, err
	}
	x.findHidden()
	return x, nil
}

// checkSets reads the version of the operator set.
func (x *Network) checkSets(m *format.Model) error {
	x.set = m.Sets[""]
	switch {
	case x.set < oldest || x.set > newestThatIsKnown:
		return fmt.Errorf("want operator set %d to %d, got %d: convert the file with onnx.version_converter", oldest, newest, x.set)
	case m.Graph.Sparse > 0:
		return fmt.Errorf("want weights that are stored whole, got %d sparse ones", m.Graph.Sparse)
	case x.set > newest:
		x.signature.Remarks = append(x.signature.Remarks, fmt.Sprintf("The file uses operator set %d; up to %d are tested.", x.set, newest))
	}
	return nil
}

// index notes who computes what. A name has one meaning.
func (x *Network) index(m *format.Model) error {
	if len(m.Graph.Nodes) > maxNodes {
		return fmt.Errorf("want at most %d nodes, got %d", maxNodes, len(m.Graph.Nodes))
	}
	for _, n := range m.Graph.Nodes {
		for _, out := range n.Out {
			if out == "" {
				continue
			}
			if x.producers[out] != nil {
				return fmt.Errorf("want each value computed once, %.80q is computed twice", out)
			}
			x.producers[out] = n
		}
	}
	return nil
}

// readConstants notes the initialisers, and checks those that lie outside.
func (x *Network) readConstants(m *format.Model) error {
	total, files := int64(0), map[string]bool{}
	for _, c := range m.Graph.Constants {
		switch {
		case x.constants[c.Name] != nil || x.producers[c.Name] != nil:
			return fmt.Errorf("want each value once, %.80q is there twice", c.Name)
		case c.Texts > 0 || decoders[c.Type] == nil:
			continue // who needs it finds nothing
		}
		if total += sizeInFile(c); total > maxWeights {
			return fmt.Errorf("want weights of at most %d bytes", int64(maxWeights))
		}
		if c.External != nil {
			if err := x.outside.check(c); err != nil {
				return err
			}
			files[filepath.Join(x.outside.folder, c.External.Location)] = true
		}
		t := x.tensor(c)
		t.origin = c.Name
		x.constants[c.Name] = t
	}
	x.beside = slices.Sorted(maps.Keys(files))
	return nil
}

// reads are the values that a node reads, also in graphs within it.
func reads(n *format.Node) []string {
	names := slices.Clone(n.In)
	for _, a := range n.Attributes {
		if a.Graph != nil {
			for _, inner := range a.Graph.Nodes {
				names = append(names, reads(inner)...)
			}
			for _, o := range a.Graph.Out {
				names = append(names, o.Name)
			}
		}
	}
	return names
}

// order lists the nodes that values need, each behind those that it reads.
func (x *Network) order(values []string) ([]*format.Node, error) {
	const entered, left = 1, 2
	state := map[*format.Node]int{}
	var out []*format.Node
	type step struct {
		n    *format.Node
		rest []string
	}
	stack := []step{{nil, values}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.rest) == 0 {
			if top.n != nil {
				state[top.n] = left
				out = append(out, top.n)
			}
			stack = stack[:len(stack)-1]
			continue
		}
		n := x.producers[top.rest[0]]
		top.rest = top.rest[1:]
		switch {
		case n == nil || state[n] == left:
		case state[n] == entered:
			return nil, fmt.Errorf("want a graph without cycles, %s needs its own result", describe(n))
		default:
			state[n] = entered
			stack = append(stack, step{n, reads(n)})
		}
	}
	return out, nil
}

// checkOperators names all operators that the scores need and that are not known.
func (x *Network) checkOperators() error {
	nodes, err := x.order([]string{x.scores})
	if err != nil {
		return err
	}
	type missing struct {
		count int
		first *format.Node
	}
	found := map[string]*missing{}
	for _, n := range nodes {
		name := operatorName(n)
		if o := operators[name]; o.fold != nil || o.write != nil {
			continue
		}
		if found[name] == nil {
			found[name] = &missing{first: n}
		}
		found[name].count++
	}
	if len(found) == 0 {
		return nil
	}
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		f := found[name]
		texts = append(texts, fmt.Sprintf("%.40s (%d, first %.40q)", name, f.count, firstOf(f.first)))
	}
	if len(texts) > maxNamesInAMessage {
		texts = append(texts[:maxNamesInAMessage], fmt.Sprintf("%d more", len(texts)-maxNamesInAMessage))
	}
	return fmt.Errorf("operators that cannot be read: %s", strings.Join(texts, ", "))
}

func firstOf(n *format.Node) string {
	if n.Name == "" && len(n.Out) > 0 {
		return n.Out[0]
	}
	return n.Name
}
