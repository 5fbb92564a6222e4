package config

import (
	"slices"
	"strings"
	"testing"
)

// The words of a key are those that it takes, one by one.
func TestChoices(t *testing.T) {
	for key, want := range map[string]string{
		"model.kind": "base reconstruction disentangled", "device": "auto cpu gpu", "data.view": "azimuth elevation",
		"train.optimizer.name": "adam sgd", "train.optimizer.nesterov": "true false", "train.schedule.name": "constant cosine steps",
		"train.noise": "gaussian", "train.verified": "auto off ibp( crown-ibp(", "attack.norm": "linf l2 l1",
		"export.input": "float uint8", "train.batch": "", "run": "", "workers": "", "data.path": "", "train.duration": "", "attack.eps": "",
	} {
		if got := strings.Join(Choices(key), " "); got != want {
			t.Errorf("%s: want %q, got %q", key, want, got)
		}
	}
	for _, key := range []string{"model.encoder", "data.set", "train.augment", "train.adversary", "attack.threat", "attack.certify"} {
		if len(Choices(key)) < 4 {
			t.Errorf("%s: got %q", key, Choices(key))
		}
	}
}

// No word that a key is said to take is unknown to it: where one is refused, it is
// for what else it needs.
func TestChoicesAreTaken(t *testing.T) {
	for _, key := range Keys() {
		for _, word := range Choices(key) {
			_, err := Resolve(Default(), Source{Set: []string{key + "=" + strings.TrimSuffix(word, "(")}})
			if err != nil && strings.Contains(err.Error(), `got "`+word+`"`) && slices.Contains(Choices(key), word) {
				t.Errorf("%s=%s: %v", key, word, err)
			}
		}
	}
}

// Every word of others leads to a key that exists.
func TestSynonyms(t *testing.T) {
	for word := range synonyms {
		if Synonym(word) == "" {
			t.Errorf("%s: %s is no key", word, synonyms[word])
		}
		if slices.Contains(Keys(), word) {
			t.Errorf("%s is a key itself", word)
		}
	}
	for name, want := range map[string]string{"train.optimizer.lr": "train.schedule.rate", "Learning-Rate": "train.schedule.rate", "batch_size": "train.batch", "colour": ""} {
		if got := Synonym(name); got != want {
			t.Errorf("%s: want %q, got %q", name, want, got)
		}
	}
}
