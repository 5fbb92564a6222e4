package config

import (
	"fmt"
	"testing"
)

// Given are the keys of files, the environment, flags and --set, also where their values are the
// defaults.
func TestGiven(t *testing.T) {
	t.Setenv("UNWARP_DATA_SEED", "1")
	src := Source{File: "a.yaml", Text: []byte("train: {batch: 128}\n"), Flag: []Flag{{Name: "seed", Key: "seed", Value: "1"}}, Set: []string{"data.size=0"}}
	keys, err := Given(Default(), src)
	if got := fmt.Sprint(keys); err != nil || got != "[data.seed data.size seed train.batch]" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := Given(Default(), Source{Set: []string{"data.sise=0"}}); err == nil {
		t.Error("a key that does not exist is taken")
	}
}
