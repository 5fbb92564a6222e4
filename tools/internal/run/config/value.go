package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// quoteText writes a text as YAML reads it back.
func quoteText(text string) string {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return strconv.Quote(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// parseValue reads a value given outside files for a key of type t. A text
// stands as it is, whatever YAML would make of it; one that begins with a quote
// is read as a quoted text of YAML. A list of texts begins with [ or is one
// text. All other values are YAML: 3, true, [.1, .2].
func parseValue(t reflect.Type, text string) (any, error) {
	quoted := strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'")
	switch {
	case readsText(t) && quoted, readsTexts(t) && quoted:
		n, err := parseNode(text)
		if err != nil || n.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("want a text, or one in quotes as YAML has them, got %s, which begins with a quote: write %s", text, quoteText(text))
		}
		return n.Value, nil
	case readsText(t):
		return text, nil
	case readsTexts(t) && text == "":
		return []any{}, nil
	case readsTexts(t) && !strings.HasPrefix(text, "["):
		return []any{text}, nil
	}
	n, err := parseNode(text)
	if err != nil {
		return nil, fmt.Errorf("want a YAML value, got %q: %w", text, err)
	}
	value, err := nodeValue(n, t)
	if value == nil && err == nil {
		return "", nil
	}
	return value, err
}

// parseNode reads one value that is the whole text. A comment would be a part of
// the text that is lost, so it is refused.
func parseNode(text string) (*yaml.Node, error) {
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	if err := d.Decode(&doc); errors.Is(err, io.EOF) && !strings.Contains(text, "#") {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	} else if err != nil {
		return nil, errors.New(strings.TrimPrefix(oneLine(err), "yaml: "))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is more than one value")
	}
	if hasComment(&doc) {
		return nil, errors.New("a # begins a comment here: put quotes around the text")
	}
	n := doc.Content[0]
	return n, n.Decode(new(any))
}

// hasComment reports whether a comment stands at n or below it.
func hasComment(n *yaml.Node) bool {
	if n.HeadComment+n.LineComment+n.FootComment != "" {
		return true
	}
	for _, c := range n.Content {
		if hasComment(c) {
			return true
		}
	}
	return false
}

// nodeValue is the value of a node for a key of type t, nil for nothing. t is
// nil for a key that there is not.
func nodeValue(n *yaml.Node, t reflect.Type) (any, error) {
	n = resolveAlias(n)
	switch {
	case t == nil:
		return "", nil // the key is refused
	case readsText(t) && n.Kind == yaml.ScalarNode:
		return nodeText(n)
	case readsTexts(t) && n.Kind == yaml.ScalarNode:
		text, err := nodeText(n)
		if text == nil || err != nil {
			return nil, err
		}
		return []any{text}, nil
	case readsTexts(t) && n.Kind == yaml.SequenceNode:
		return nodeTexts(n)
	}
	return decodeNode(n)
}

// nodeTexts are the elements of a list of texts.
func nodeTexts(n *yaml.Node) (any, error) {
	list := make([]any, len(n.Content))
	for i, c := range n.Content {
		var err error
		if c = resolveAlias(c); c.Kind == yaml.ScalarNode {
			list[i], err = nodeText(c)
		} else {
			list[i], err = decodeNode(c)
		}
		if err == nil && list[i] == nil {
			err = errors.New("want a text, got nothing")
		}
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return list, nil
}

// isNothing reports whether n is what stands after "key:".
func isNothing(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.ShortTag() == "!!null"
}

// nodeText is the text of a scalar as it stands in the file: 2024_01_02, 010, no
// and null are texts like others. nil is nothing.
func nodeText(n *yaml.Node) (any, error) {
	switch {
	case isNothing(n):
		return nil, nil
	case n.Style&yaml.TaggedStyle == 0:
		return n.Value, nil
	}
	if tag := n.ShortTag(); tag != "!!str" && tag != "!!binary" {
		return nil, fmt.Errorf("want a text, got one with the tag %s: leave the tag out", tag)
	}
	var text string
	err := n.Decode(&text)
	return text, err
}

// octal is a number with a leading zero, which is octal to some readers of YAML
// and decimal to others.
var octal = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

// decodeNode is the value that YAML gives to a node.
func decodeNode(n *yaml.Node) (any, error) {
	plain := n.Kind == yaml.ScalarNode && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0
	if plain && octal.MatchString(n.Value) {
		return nil, fmt.Errorf("want a number without a zero before it, got %s: it could be meant octal or decimal", n.Value)
	}
	var x any
	if err := n.Decode(&x); err != nil {
		return nil, errors.New(strings.TrimPrefix(oneLine(err), "yaml: "))
	}
	if _, date := x.(time.Time); date {
		return n.Value, nil
	}
	return x, nil
}
