package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"unwarp/pipelines"
)

// Source says where to look for values besides the defaults.
type Source struct {
	File string   // "" for none
	Text []byte   // content of File, where it is not to be read from the disk
	Flag []Flag   // those that were given
	Set  []string // key=value, the value as parseValue reads it
}

// Flag is a command-line flag that stands for a key.
type Flag struct{ Name, Key, Value string }

// envPrefix opens the names of environment variables: UNWARP_TRAIN_BATCH.
const envPrefix = "UNWARP_"

// notKeys are environment variables of the project that are no configuration.
var notKeys = []string{"UNWARP_TENSORFLOW", "UNWARP_CACHE"}

// Keys are all configuration keys, sorted.
func Keys() []string {
	l, err := newLoader(Default())
	if err != nil {
		return nil
	}
	return l.known
}

// Load gathers a configuration on top of base and checks it. A relative
// data.path or train.teacher is meant from the working folder; it comes out
// absolute, so that a run folder's configuration is good in any other.
func Load(base Config, src Source) (Config, error) {
	c, err := Resolve(base, src)
	if err != nil {
		return c, err
	}
	return c, checkFiles(c.Data)
}

// Resolve is Load without a look at the data: the configuration can be shown
// where its files are not.
func Resolve(base Config, src Source) (Config, error) {
	c, err := gather(base, src)
	if err != nil {
		return base, err
	}
	if err := c.Check(); err != nil {
		return c, err
	}
	return c, src.checkCluster(c)
}

// checkCluster refuses flags for workers where there are none; files and the
// environment may prepare for some.
func (s Source) checkCluster(c Config) error {
	const of = "cluster."
	if c.Workers.Len() > 0 {
		return nil
	}
	for _, f := range s.Flag {
		if strings.HasPrefix(f.Key, of) && f.Value != "false" {
			return fmt.Errorf("--%s: want workers beside it, got none: name them with --workers HOST:PORT,HOST:PORT", f.Name)
		}
	}
	for _, kv := range s.Set {
		if key, _, _ := strings.Cut(kv, "="); strings.HasPrefix(strings.ToLower(strings.TrimSpace(key)), of) {
			return fmt.Errorf("--set %s: want workers beside it, got none: name them with --workers HOST:PORT,HOST:PORT", kv)
		}
	}
	return nil
}

// Read takes the resolved configuration of a run folder, unchecked: what it
// says of this machine may have to be changed first, such as data.path.
func Read(path string) (Config, error) { return gather(Default(), Source{File: path}) }

// Given are the keys that src gives a value.
func Given(base Config, src Source) ([]string, error) {
	l, err := newLoader(base)
	if err == nil {
		err = l.merge(src)
	}
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(l.from)), nil
}

func gather(base Config, src Source) (Config, error) {
	l, err := newLoader(base)
	if err != nil {
		return base, err
	}
	if err := l.merge(src); err != nil {
		return base, err
	}
	c, err := l.decode()
	if err != nil {
		return base, err
	}
	if c.Data.Set != base.Data.Set { // base counts the images of another set
		for key, n := range map[string]*int{"data.train": &c.Data.Train, "data.validation": &c.Data.Validation, "data.test": &c.Data.Test} {
			if _, given := l.from[key]; !given {
				*n = 0
			}
		}
	}
	if c.Model, err = c.Model.WithAbsolutePaths(); err != nil {
		return base, err
	}
	for key, path := range map[string]*string{"data.path": &c.Data.Path, "train.teacher": &c.Train.Teacher} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return base, fmt.Errorf("%s: %w", key, err)
		}
	}
	return c, nil
}

// merge merges all places in their order.
func (l *loader) merge(src Source) error {
	if src.File != "" {
		if err := l.file(src.File, src.Text); err != nil {
			return fmt.Errorf("config %s: %w", src.File, err)
		}
	}
	if err := l.environment(os.Environ()); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	for _, f := range src.Flag {
		if err := l.set("--"+f.Name, f.Key, f.Value); err != nil {
			return fmt.Errorf("--%s: %w", f.Name, err)
		}
	}
	for _, kv := range src.Set {
		key, text, ok := strings.Cut(kv, "=")
		if !ok {
			return fmt.Errorf("--set %s: want KEY=VALUE", kv)
		}
		if err := l.set("--set", strings.ToLower(strings.TrimSpace(key)), text); err != nil {
			return fmt.Errorf("--set: %w", err)
		}
	}
	return nil
}

// loader merges one source after another into v.
type loader struct {
	v     *viper.Viper
	known []string                // all keys, sorted
	types map[string]reflect.Type // of their values
	base  map[string]any          // their values before anything is merged: these give the types
	from  map[string]string       // where the others came from, for messages
}

func newLoader(base Config) (*loader, error) {
	tree, err := base.fullTree()
	if err != nil {
		return nil, err
	}
	l := &loader{v: viper.New(), types: map[string]reflect.Type{}, base: map[string]any{}, from: map[string]string{}}
	if err := l.v.MergeConfigMap(tree); err != nil {
		return nil, err
	}
	l.known = l.v.AllKeys()
	slices.Sort(l.known)
	for _, k := range l.known {
		l.base[k] = l.v.Get(k)
	}
	for _, f := range fields() {
		l.types[f.key] = f.typ
	}
	return l, nil
}

// fullTree is the tree with the keys that its YAML form leaves out at their
// default: they can be set like any other.
func (c Config) fullTree() (map[string]any, error) {
	tree, err := c.tree()
	if err == nil {
		addOmitted(tree, reflect.ValueOf(c))
	}
	return tree, err
}

func addOmitted(tree map[string]any, v reflect.Value) {
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		value, written := tree[name]
		if below, ok := value.(map[string]any); ok {
			addOmitted(below, v.Field(i))
		} else if !written && option == "omitempty" {
			tree[name] = plain(v.Field(i))
		}
	}
}

// plain is a value as a file would have it: a named kind of text is a text.
func plain(v reflect.Value) any {
	if v.Kind() == reflect.String {
		return v.String()
	}
	return v.Interface()
}

// file merges a YAML file, whose content is raw unless that is nil.
func (l *loader) file(path string, raw []byte) error {
	if raw == nil {
		var err error
		if raw, err = os.ReadFile(path); err != nil {
			return fmt.Errorf("want a readable YAML file: %w", reason(err))
		}
	}
	entries, err := readDocument(raw, l.types)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := l.check(e.key); err != nil {
			return err
		}
		if e.value == nil {
			return fmt.Errorf("key %q: want a value, got nothing: write %s for none, or leave the key out", e.key, none(l.base[e.key]))
		}
		l.v.Set(e.key, e.value)
		l.from[e.key] = "config " + path
	}
	return nil
}

// none is how an empty value of old's type is written.
func none(old any) string {
	switch old.(type) {
	case []any:
		return "[]"
	case string:
		return `""`
	case bool:
		return "false"
	}
	return "0"
}

// environment merges variables such as UNWARP_TRAIN_BATCH; an empty one counts
// as unset.
func (l *loader) environment(all []string) error {
	names := map[string]string{}
	var list []string
	for _, key := range l.known {
		name := envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		names[name] = key
		list = append(list, name)
	}
	for _, kv := range all {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(notKeys, name) {
			continue
		}
		key, ok := names[name]
		if !ok {
			return fmt.Errorf("unknown variable %s%s", name, pipelines.DidYouMean(name, append(list, notKeys...), "%s"))
		}
		if value == "" {
			continue
		}
		if err := l.set("environment: "+name, key, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// set takes the text of a value from a place outside files.
func (l *loader) set(from, key, text string) error {
	if err := l.check(key); err != nil {
		return err
	}
	x, err := parseValue(l.types[key], text)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	l.v.Set(key, x)
	l.from[key] = from
	return nil
}

// check refuses a key that does not exist, naming the nearest that does.
func (l *loader) check(key string) error {
	if slices.Contains(l.known, key) {
		return nil
	}
	for _, k := range l.known {
		if strings.HasPrefix(k, key+".") {
			return fmt.Errorf("key %q: want a value for one of its parts, such as %s", key, k)
		}
		if strings.HasPrefix(key, k+".") {
			return fmt.Errorf("unknown key %q: %s has no parts", key, k)
		}
	}
	suggestion := l.suggest(key)
	if suggestion == "" {
		suggestion = ": unwarp config prints all keys"
	}
	return fmt.Errorf("unknown key %q%s", key, suggestion)
}

// suggest asks whether the key most like the given one was meant; a last word that only one key
// has decides: batch_size is far from everything, duration is train.duration.
func (l *loader) suggest(key string) string {
	var ends []string
	for _, k := range l.known {
		if strings.HasSuffix(k, "."+key) {
			ends = append(ends, k)
		}
	}
	if len(ends) == 0 {
		if s := Synonym(key); s != "" {
			ends = append(ends, s)
		}
	}
	if len(ends) > 0 {
		return fmt.Sprintf(": did you mean %q?", ends[0])
	}
	return pipelines.DidYouMean(key, l.known, "%q")
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
