package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// entry is one key of a file.
type entry struct {
	key   string // its whole path in lower case, train.batch
	value any    // nil where nothing stands after the colon
}

// mostEntries bounds keys and mappings: aliases can make many of a small file.
const mostEntries = 10_000

// readDocument lists the keys of a YAML file of one document. Keys are the same
// in upper and lower case, with dots and nested; one given twice is an error.
// types are those of the known keys: where a text is wanted, it is what stands in
// the file.
func readDocument(raw []byte, types map[string]reflect.Type) ([]entry, error) {
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&doc); errors.Is(err, io.EOF) { // empty, or comments alone
		return nil, nil
	} else if err != nil {
		return nil, notYAML(err, raw)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("want one YAML document, got more after a line of ---")
	}
	top := doc.Content[0]
	if isNothing(top) {
		return nil, nil
	}
	if top.Kind != yaml.MappingNode {
		return nil, errors.New("want YAML: it has no keys: write key: value")
	}
	w := documentReader{types: types, lines: map[string]int{}}
	if err := w.readMapping("", top); err != nil {
		return nil, err
	}
	if err := doc.Decode(new(map[string]any)); err != nil { // what YAML itself refuses, such as an anchor within itself
		return nil, notYAML(err, raw)
	}
	return w.entries, nil
}

func notYAML(err error, raw []byte) error {
	text := strings.TrimPrefix(oneLine(err), "yaml: ")
	if strings.Contains(text, "cannot start any token") && bytes.ContainsRune(raw, '\t') {
		text += ": YAML is indented with spaces, and there are tabs in it"
	}
	return fmt.Errorf("want YAML: %s", text)
}

// documentReader walks the nodes of a file.
type documentReader struct {
	types   map[string]reflect.Type
	lines   map[string]int // where keys, and parts that hold keys, are given
	entries []entry
	depth   int // of the mapping that is read
	read    int // mappings, merged ones each time
}

// readMapping reads the keys of a mapping below prefix.
func (w *documentReader) readMapping(prefix string, n *yaml.Node) error {
	const deepest = 20
	if w.depth++; w.depth > deepest {
		return fmt.Errorf("line %d: want keys at most %d deep, got more, or an anchor within itself", n.Line, deepest)
	}
	defer func() { w.depth-- }()
	own, err := w.ownPairs(prefix, n)
	if err != nil {
		return err
	}
	for _, p := range own {
		if err := w.readPair(p); err != nil {
			return err
		}
	}
	return nil
}

// pair is a key of a mapping and what it holds.
type pair struct {
	key   string
	line  int
	value *yaml.Node
}

// ownPairs are the pairs of a mapping and, after them, those that it merges (<<)
// and does not have itself.
func (w *documentReader) ownPairs(prefix string, n *yaml.Node) ([]pair, error) {
	if w.read++; w.read > mostEntries {
		return nil, fmt.Errorf("line %d: want at most %d mappings, got more by aliases, or an anchor within itself", n.Line, mostEntries)
	}
	var own, merged []pair
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := resolveAlias(n.Content[i]), resolveAlias(n.Content[i+1])
		if k.Kind == yaml.ScalarNode && k.Value == "<<" && k.ShortTag() == "!!merge" {
			below, err := w.mergedPairs(prefix, v)
			if err != nil {
				return nil, err
			}
			merged = append(merged, below...)
			continue
		}
		if k.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: want the name of a key, got %s", n.Content[i].Line, kindName(k))
		}
		key, line := prefix+strings.ToLower(k.Value), n.Content[i].Line
		if first, twice := lines[key]; twice {
			return nil, givenTwice(key, first, line)
		}
		lines[key] = line
		own = append(own, pair{key, line, v})
	}
	for _, p := range merged {
		if _, has := lines[p.key]; !has {
			lines[p.key] = p.line
			own = append(own, p)
		}
	}
	return own, nil
}

// mergedPairs are those of a mapping, or of a list of mappings, after <<.
func (w *documentReader) mergedPairs(prefix string, n *yaml.Node) ([]pair, error) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	var all []pair
	for _, m := range list {
		if m = resolveAlias(m); m.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("line %d: want keys to merge after <<, got %s", m.Line, kindName(m))
		}
		pairs, err := w.ownPairs(prefix, m)
		if err != nil {
			return nil, err
		}
		all = append(all, pairs...)
	}
	return all, nil
}

// readPair reads a key or the keys below it.
func (w *documentReader) readPair(p pair) error {
	if first, twice := w.lines[p.key]; twice {
		if p.value.Kind != yaml.MappingNode || w.types[p.key] != nil {
			return givenTwice(p.key, first, p.line)
		}
	}
	w.lines[p.key] = p.line
	if p.value.Kind == yaml.MappingNode && (len(p.value.Content) > 0 || w.types[p.key] == nil) {
		return w.readMapping(p.key+".", p.value)
	}
	value, err := nodeValue(p.value, w.types[p.key])
	if err != nil {
		return fmt.Errorf("line %d: %s: %w", p.line, p.key, err)
	}
	if w.entries = append(w.entries, entry{p.key, value}); len(w.entries) > mostEntries {
		return fmt.Errorf("line %d: want at most %d keys, got more", p.line, mostEntries)
	}
	return nil
}

func givenTwice(key string, first, second int) error {
	return fmt.Errorf("line %d: key %q is given already in line %d (upper and lower case are the same): leave one out", second, key, first)
}

// resolveAlias is the node that n stands for.
func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", n.Value)
}
