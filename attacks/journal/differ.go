package journal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// differences lists the keys in which two identities differ, in words: attack.eps:
// the journal has .1, now .2.
func differences(journal, now json.RawMessage) ([]string, error) {
	return differencesInWords(journal, now, "the journal has %s, now %s")
}

// Differences says in few words in which keys two identities of evaluations
// differ, "" where they are the same. words say what each has: "one has %s, the
// other %s".
func Differences(a, b json.RawMessage, words string) (string, error) {
	all, err := differencesInWords(a, b, words)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return listFew(all), nil
}

func differencesInWords(journal, now json.RawMessage, words string) ([]string, error) {
	had, err := leavesOf(journal)
	if err != nil {
		return nil, err
	}
	has, err := leavesOf(now)
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for k := range had {
		keys[k] = true
	}
	for k := range has {
		keys[k] = true
	}
	var out []string
	for _, k := range slices.SortedFunc(maps.Keys(keys), compareKeys) {
		if a, b := orNothing(had, k), orNothing(has, k); a != b {
			out = append(out, k+": "+fmt.Sprintf(words, shorten(a), shorten(b)))
		}
	}
	return out, nil
}

// compareKeys orders keys for a message: the threat first, names before what belongs to them, and
// hashes, which tell a person least, last.
func compareKeys(a, b string) int {
	rank := func(key string) int {
		switch key[strings.LastIndex(key, ".")+1:] {
		case "threat":
			return -1
		case "name":
			return 0
		case "hash", "index", "weights":
			return 2
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func orNothing(leaves map[string]string, key string) string {
	if text, ok := leaves[key]; ok {
		return text
	}
	return "nothing"
}

const cut = "…"

// shorten keeps the beginning of what would fill the message, such as a hash.
func shorten(text string) string {
	const most = 40
	if len(text) > most {
		return text[:12] + cut
	}
	return text
}

// leavesOf flattens an identity: the key of a value is its path in objects and
// lists of objects.
func leavesOf(raw json.RawMessage) (map[string]string, error) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, errors.New("want the identity of an evaluation")
	}
	out := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, below := range v {
				walk(strings.TrimPrefix(path+"."+k, "."), below)
			}
		case []any:
			if objects := slices.ContainsFunc(v, isObject); !objects {
				out[path] = inline(v)
				return
			}
			for i, below := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), below)
			}
		case nil:
			out[path] = "none"
		default:
			out[path] = fmt.Sprint(v)
		}
	}
	walk("", tree)
	return out, nil
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }

// inline writes a list in one line.
func inline(list []any) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Trim(fmt.Sprint(list), "[]")
}

// listFew lists the first of many, as far as a message has room; a hash only
// where nothing else differs.
func listFew(all []string) string {
	const room = 100
	n, size := 1, len(all[0])
	for n < len(all) && size+len(all[n]) <= room && !strings.Contains(all[n], cut) {
		size += len(all[n])
		n++
	}
	text := strings.Join(all[:n], "; ")
	if n < len(all) {
		text += fmt.Sprintf(" and %d more", len(all)-n)
	}
	return text
}

// DescribeDifferences says in which keys two identities, as JSON, differ.
func DescribeDifferences(was, now json.RawMessage) (string, error) {
	differs, err := differences(was, now)
	if err != nil || len(differs) == 0 {
		return "in nothing that can be named", err
	}
	return listFew(differs), nil
}
