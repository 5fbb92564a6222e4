package config

import (
	"regexp"
	"strings"
)

// noChoice is a value of no key.
const noChoice = "unlisted"

var (
	refusedChoice = regexp.MustCompile(`want (one of )?(?:\[(.+?)\]|([^:;]+?))(?:, or none)?, got "` + noChoice + `"`)
	choiceBreak   = regexp.MustCompile(`, | or `)
	choiceWord    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\(\.\.\.\))?$`)
)

// Choices are the words that the value of a key is one of, or begins with; nil where
// it is a number or any text. Words that take parameters end in an opening bracket
// where they need them. They are those that the refusal of another value names, so
// that no list is kept twice.
func Choices(key string) []string {
	_, err := Resolve(Default(), Source{Set: []string{key + "=" + noChoice}})
	if err == nil {
		return nil
	}
	m := refusedChoice.FindStringSubmatch(err.Error())
	if m == nil {
		return nil
	}
	words := strings.Fields(m[2]) // a list as Go writes it
	if len(words) == 0 {
		words = choiceBreak.Split(m[3], -1)
	}
	for i, w := range words {
		if !choiceWord.MatchString(w) {
			return nil
		}
		words[i] = strings.TrimSuffix(w, "...)")
	}
	if len(words) == 1 && m[1] == "" {
		return nil // what is wanted, in a word
	}
	return words
}
