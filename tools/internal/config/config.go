// Package config gathers the configuration of a run from defaults, a YAML
// file, the environment, flags and --set, in this order, later ones winning.
package config

import (
	"encoding"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// Config is everything that a run is determined by. The libraries own the
// parts.
type Config struct {
	// Run is the run folder; "" picks a free name under runs/.
	Run string `mapstructure:"run" yaml:"run"`
	// Seed keys initial weights, order of images, augmentation and dropout.
	Seed uint64 `mapstructure:"seed" yaml:"seed"`
	// Device is auto, cpu or gpu.
	Device graphs.Device `mapstructure:"device" yaml:"device"`
	// Threads within one op; 0 takes all cores.
	Threads int `mapstructure:"threads" yaml:"threads"`

	Data   pipelines.Data `mapstructure:"data" yaml:"data"`
	Model  graphs.Model   `mapstructure:"model" yaml:"model"`
	Train  trainer.Config `mapstructure:"train" yaml:"train"`
	Attack Attack         `mapstructure:"attack" yaml:"attack"`
	Export trainer.Export `mapstructure:"export" yaml:"export"`
}

// Attack says what to attack, and how.
type Attack struct {
	// Images are the first n test images; 0 takes all.
	Images int `mapstructure:"images" yaml:"images"`
	// Batch is the number of images attacked at once.
	Batch int `mapstructure:"batch" yaml:"batch"`
	// Norm is linf or l2.
	Norm attacks.Norm `mapstructure:"norm" yaml:"norm"`
	// Eps lists radii in units of images in [0,1], separated by spaces.
	Eps string `mapstructure:"eps" yaml:"eps"`
	// Attacks are written as attacks.Parse reads them.
	Attacks []string `mapstructure:"attacks" yaml:"attacks"`
}

// Options parses the attacks.
func (a Attack) Options() (attacks.Options, error) {
	o := attacks.Options{Batch: a.Batch}
	eps, err := attacks.ParseRadii(a.Eps)
	if err != nil {
		return o, fmt.Errorf("attack.%w", err)
	}
	o.Eps = eps
	if a.Images < 0 {
		return o, fmt.Errorf("attack.images: want 0 (all) or more, got %d", a.Images)
	}
	for _, text := range a.Attacks {
		k, err := attacks.Parse(text)
		if err != nil {
			return o, fmt.Errorf("attack.attacks: %w", err)
		}
		o.Attacks = append(o.Attacks, k)
	}
	return o, nil
}

// Default trains the disentangled classifier on the embedded glyphs, in about
// two minutes on two cores.
func Default() Config {
	c := Config{
		Seed: 1, Device: graphs.Auto,
		Data:  pipelines.Data{Set: "glyphs", Seed: 1, Train: 10000, Validation: 1000, Test: 2000, Size: 28},
		Model: graphs.DefaultModel(),
		Train: trainer.DefaultConfig(),
		Attack: Attack{
			Images: 1000, Batch: 250, Norm: attacks.Linf, Eps: ".1 .2 .3 .4 .5",
			Attacks: []string{"random", "fgsm", "fgsm(loss=training)", "bim(preset=split,steps=10)"},
		},
		Export: trainer.DefaultExport(),
	}
	return c
}

// Check refuses values that cannot work before anything is opened.
func (c Config) Check() error {
	if c.Threads < 0 {
		return fmt.Errorf("threads: want 0 (all cores) or more, got %d", c.Threads)
	}
	if _, err := graphs.SessionOptions(graphs.Options{Device: c.Device}); err != nil {
		return err
	}
	if _, err := c.Model.Build(max(2, c.Data.Classes)); err != nil {
		return err
	}
	if err := c.Train.Check(); err != nil {
		return err
	}
	if err := c.Export.Check(); err != nil {
		return err
	}
	_, err := c.Attack.Options()
	return err
}

// Source says where to look for values besides the defaults.
type Source struct {
	File string            // "" for none
	Set  []string          // key=value, the value in YAML
	Flag map[string]string // key -> value, in YAML, of flags that were given
}

// envPrefix opens the names of environment variables: UNWARP_TRAIN_BATCH.
const envPrefix = "UNWARP"

// notKeys are environment variables of the project that are no configuration.
var notKeys = []string{"UNWARP_TENSORFLOW", "UNWARP_CACHE"}

// Load gathers a configuration on top of base.
func Load(base Config, src Source) (Config, error) {
	v := viper.New()
	defaults, err := tree(base)
	if err != nil {
		return base, err
	}
	if err := v.MergeConfigMap(defaults); err != nil {
		return base, err
	}
	known := v.AllKeys()
	slices.Sort(known)
	if src.File != "" {
		if err := mergeFile(v, src.File, known); err != nil {
			return base, err
		}
	}
	if err := mergeEnvironment(v, known); err != nil {
		return base, err
	}
	for key, text := range src.Flag {
		if err := set(v, key+"="+text, known); err != nil {
			return base, err
		}
	}
	for _, kv := range src.Set {
		if err := set(v, kv, known); err != nil {
			return base, err
		}
	}
	var c Config
	if err := decode(v, &c); err != nil {
		return base, err
	}
	return c, c.Check()
}

// Read takes the resolved configuration of a run folder.
func Read(path string) (Config, error) { return Load(Default(), Source{File: path}) }

func mergeFile(v *viper.Viper, path string, known []string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("config %s: want a readable YAML file: %w", path, err)
	}
	var m map[string]any
	if err := yaml.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("config %s: want YAML: %s", path, oneLine(err))
	}
	file := viper.New()
	if err := file.MergeConfigMap(m); err != nil {
		return fmt.Errorf("config %s: %s", path, oneLine(err))
	}
	for _, key := range file.AllKeys() {
		if err := check(key, known); err != nil {
			return fmt.Errorf("config %s: %w", path, err)
		}
	}
	return v.MergeConfigMap(m)
}

func mergeEnvironment(v *viper.Viper, known []string) error {
	names := map[string]string{}
	for _, key := range known {
		names[envPrefix+"_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, envPrefix+"_") || slices.Contains(notKeys, name) {
			continue
		}
		key, ok := names[name]
		if !ok {
			all := make([]string, 0, len(names))
			for n := range names {
				all = append(all, n)
			}
			return fmt.Errorf("environment: unknown variable %s: did you mean %s?", name, pipelines.Nearest(name, all))
		}
		parsed, err := parseValue(value)
		if err != nil {
			return fmt.Errorf("environment: %s: %w", name, err)
		}
		v.Set(key, parsed)
	}
	return nil
}

func set(v *viper.Viper, kv string, known []string) error {
	key, text, ok := strings.Cut(kv, "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if !ok {
		return fmt.Errorf("--set %s: want key=value", kv)
	}
	if err := check(key, known); err != nil {
		return fmt.Errorf("--set: %w", err)
	}
	value, err := parseValue(text)
	if err != nil {
		return fmt.Errorf("--set %s: %w", key, err)
	}
	v.Set(key, value)
	return nil
}

// parseValue reads a value as YAML would: 3, true, [a, b], text.
func parseValue(text string) (any, error) {
	var x any
	if err := yaml.Unmarshal([]byte(text), &x); err != nil {
		return nil, fmt.Errorf("want a YAML value, got %q", text)
	}
	if x == nil {
		return "", nil
	}
	return x, nil
}

func check(key string, known []string) error {
	if slices.Contains(known, key) {
		return nil
	}
	for _, k := range known {
		if strings.HasPrefix(k, key+".") {
			return fmt.Errorf("key %q: want a value for one of its parts, such as %s", key, k)
		}
	}
	return fmt.Errorf("unknown key %q: did you mean %q?", key, pipelines.Nearest(key, known))
}

func decode(v *viper.Viper, c *Config) error {
	hook := viper.DecodeHook(mapstructure.ComposeDecodeHookFunc(textual, mapstructure.TextUnmarshallerHookFunc(), wholeNumbers))
	if err := v.UnmarshalExact(c, hook); err != nil {
		return fmt.Errorf("config: %s", oneLine(err))
	}
	return nil
}

// textual hands bare numbers to types that read text, whose errors say what
// was wanted: 3 for a span lacks its unit.
func textual(_, to reflect.Type, data any) (any, error) {
	switch data.(type) {
	case int, float64:
		if reflect.PointerTo(to).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return fmt.Sprint(data), nil
		}
	}
	return data, nil
}

// wholeNumbers refuses 12.5 where an integer is wanted, which would be cut.
func wholeNumbers(_, to reflect.Type, data any) (any, error) {
	f, ok := data.(float64)
	if ok && to.Kind() >= reflect.Int && to.Kind() <= reflect.Uint64 && f != math.Trunc(f) {
		return nil, fmt.Errorf("want a whole number, got %g", f)
	}
	return data, nil
}

// tree is c as nested maps.
func tree(c Config) (map[string]any, error) {
	raw, err := yaml.Marshal(c)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, yaml.Unmarshal(raw, &m)
}

// YAML is the configuration as a file.
func (c Config) YAML() ([]byte, error) { return yaml.Marshal(c) }

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
