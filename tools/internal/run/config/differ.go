package config

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/trainer"
)

// free are keys, and beginnings of keys, that do not change what is trained.
var free = []string{"run", "device", "threads", "precision", "data.path", "train.workers", "devices", "workers", "cluster.", "attack.", "export."}

// Differences lists the keys in which two configurations train different
// models, each with both values; precision is left out, as are all keys that
// change only speed or what comes after the training, and what want leaves
// to the training: the moments of its set, balanced class weights and the number of replicas.
func Differences(have, want Config) ([]string, error) {
	have, want = have.Canonical(), want.Canonical()
	a, err := leaves(have)
	if err != nil {
		return nil, err
	}
	b, err := leaves(want)
	if err != nil {
		return nil, err
	}
	if len(want.Model.Mean) == 0 {
		a["model.mean"], a["model.std"] = b["model.mean"], b["model.std"]
	}
	if want.Train.Replicas == 0 {
		a["train.replicas"] = b["train.replicas"]
	}
	if weights := "train.objective.class_weights"; want.Train.Objective.ClassWeights == trainer.BalancedWeights && a[weights] != "" {
		a[weights] = b[weights]
	}
	var out []string
	for k, v := range b {
		if a[k] != v && !Free(k) {
			out = append(out, fmt.Sprintf("%s is %s instead of %s", k, a[k], v))
		}
	}
	slices.Sort(out)
	return out, nil
}

// leaves are the values of all keys, as text.
func leaves(c Config) (map[string]string, error) {
	tree, err := c.fullTree()
	if err != nil {
		return nil, err
	}
	return leavesOf(tree), nil
}

// leavesOf flattens a tree: the key of a value is its path.
func leavesOf(tree map[string]any) map[string]string {
	out := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			out[path] = fmt.Sprintf("%v", v)
			return
		}
		for k, v := range m {
			walk(strings.TrimPrefix(path+"."+k, "."), v)
		}
	}
	walk("", tree)
	return out
}
