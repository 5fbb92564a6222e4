package config

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"unwarp/graphs/spec"
)

// Key is a configuration key with what a user must know of it.
type Key struct {
	Name    string `json:"name"`    // such as train.batch
	Default string `json:"default"` // as YAML in one line
	Range   string `json:"range"`   // of a number; "" for seeds and all else
	Meaning string `json:"meaning"` // Markdown without line breaks
}

// meanings is a JSON object from key to meaning. TestMeanings writes it, and
// tools/configs/KEYS.md, from the comments of the configuration's structs.
//
//go:generate go test -run TestMeanings -update .
//go:embed meanings.json
var meanings []byte

// Describe lists all keys in the order of the configuration's structs.
func Describe() ([]Key, error) {
	var of map[string]string
	if err := json.Unmarshal(meanings, &of); err != nil {
		return nil, fmt.Errorf("meanings.json: %w", err)
	}
	l, err := newLoader(Default())
	if err != nil {
		return nil, err
	}
	var all []Key
	for _, f := range fields() {
		all = append(all, Key{f.key, inline(l.base[f.key]), spec.Range(reflect.StructField{Type: f.typ, Tag: f.tag}), of[f.key]})
	}
	return all, nil
}

// Explain describes the key called name, or all keys below it: train is the
// part to which train.batch belongs. Of an unknown one the error names the
// nearest.
func Explain(name string) ([]Key, error) {
	all, err := Describe()
	if err != nil {
		return nil, err
	}
	name = strings.ToLower(strings.TrimSpace(name))
	found := slices.DeleteFunc(slices.Clone(all), func(k Key) bool {
		return k.Name != name && !strings.HasPrefix(k.Name, name+".")
	})
	if len(found) > 0 {
		return found, nil
	}
	l, err := newLoader(Default())
	if err != nil {
		return nil, err
	}
	return nil, l.check(name)
}

// Variable is the environment variable that sets the key.
func (k Key) Variable() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// Markdown is the document of all keys, with a table for each part of the
// configuration.
func Markdown() (string, error) {
	all, err := Describe()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(`# Configuration keys

The command ` + "`unwarp config --markdown`" + ` prints this page. It is generated from the comments of the
configuration's structs; ` + "`go generate ./tools/internal/run/config`" + ` renews it.

A value comes from the defaults, a YAML file (` + "`--config FILE`" + `), the environment, flags, and ` + "`--set KEY=VALUE`" + `, in
this order; a later one wins. The environment variable of a key has its letters in upper case and underscores for
dots: ` + "`UNWARP_TRAIN_BATCH`" + `. In a file the parts of a key are indented: ` + "`train: {batch: 64}`" + `.
An unknown key is an error, and so is one given twice in a file; upper and lower case are the same.

In a variable, a flag and ` + "`--set`" + ` a text stands as it is, unless it begins with a quote: then it is a quoted text of
YAML. A list of texts begins with ` + "`[`" + `, or is one text. In a file a text is what stands there, so that
` + "`run: 2024_01_02`" + ` names that folder; there ` + "` #`" + ` begins a comment, unless the text is in quotes.
`)
	part := "-"
	for _, k := range all {
		of, _, below := strings.Cut(k.Name, ".")
		if !below {
			of = ""
		}
		if of != part {
			part = of
			title := of
			if title == "" {
				title = "general"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| key | default | range | meaning |\n|---|---|---|---|\n", title)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, cell("`"+k.Default+"`"), k.Range, cell(k.Meaning))
	}
	return b.String(), nil
}

// inline writes the value of a key as YAML in one line.
func inline(value any) string {
	switch v := value.(type) {
	case string:
		if v == "" {
			return `""`
		}
	case []any:
		words := make([]string, len(v))
		for i, x := range v {
			if words[i] = fmt.Sprint(x); strings.Contains(words[i], ",") {
				words[i] = strconv.Quote(words[i])
			}
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// cell escapes what would end a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
