package evaluation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/attacks/journal"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
)

// OpenedShard is a shard with its journal.
type OpenedShard struct {
	Shard
	Journal *engine.Journal
}

// OpenShards opens the shards of one evaluation: each of dirs is the folder of a
// shard, or holds such folders, as a run folder does. Where they are not all
// shards of one evaluation, each once, finished and undamaged, problems says of
// each that is amiss what it is.
func OpenShards(dirs []string) (shards []OpenedShard, problems []string) {
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, dir := range dirs {
		folders := findShards(dir)
		if len(folders) == 0 {
			add("%s: want the folder of a shard, or one that holds some, found none: make them with unwarp attack RUN --shard K/N", files.ShortPath(dir))
		}
		for _, folder := range folders {
			if s, err := ReadShard(folder); err != nil {
				add("%v", err)
			} else {
				shards = append(shards, OpenedShard{Shard: s})
			}
		}
	}
	if len(shards) == 0 {
		return nil, problems
	}
	shards, more := keepDivision(shards)
	problems = append(problems, more...)
	problems = append(problems, openJournals(shards)...)
	return shards, append(problems, findForeign(shards)...)
}

// findShards are the folders of shards that dir is or holds, sorted.
func findShards(dir string) []string {
	if _, err := ReadShard(dir); !errors.Is(err, fs.ErrNotExist) {
		return []string{dir}
	}
	var all []string
	for _, below := range []string{dir, filepath.Join(dir, report.AttackDir)} {
		found, _ := filepath.Glob(filepath.Join(escapeGlob(below), "shard-*-of-*", shardFile))
		for _, path := range found {
			all = append(all, filepath.Dir(path))
		}
	}
	return all
}

// escapeGlob is a path as a pattern that matches it alone.
func escapeGlob(path string) string {
	var out []rune
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' || r == '\\' {
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(out)
}

// keepDivision keeps each shard of the commonest division once, in order, and
// says what is missing, double or of another division.
func keepDivision(all []OpenedShard) (kept []OpenedShard, problems []string) {
	n := commonest(all, func(s OpenedShard) int { return s.Part().N })
	first := map[int]OpenedShard{}
	for _, s := range all {
		k := s.Part()
		before, twice := first[k.K]
		switch {
		case k.N != n:
			problems = append(problems, fmt.Sprintf("%s: shard %s is of another division: want shards of %d: leave it out", files.ShortPath(s.Folder), s.Which, n))
		case twice && sameFolder(before.Folder, s.Folder): // named twice
		case twice:
			problems = append(problems, fmt.Sprintf("shard %s is there twice: in %s and %s: leave one out", s.Which, files.ShortPath(before.Folder), files.ShortPath(s.Folder)))
		default:
			first[k.K] = s
			kept = append(kept, s)
		}
	}
	slices.SortFunc(kept, func(a, b OpenedShard) int { return a.Part().K - b.Part().K })
	return kept, append(problems, listMissing(first, n)...)
}

// listMissing names the shards of n that are not there.
func listMissing(there map[int]OpenedShard, n int) (problems []string) {
	const most = 20
	missing := 0
	for k := 1; k <= n; k++ {
		if _, ok := there[k]; ok {
			continue
		}
		if missing++; missing <= most {
			problems = append(problems, fmt.Sprintf("shard %s is missing: make it with --shard %[1]s", attacks.Shard{K: k, N: n}))
		}
	}
	if missing > most {
		problems = append(problems, fmt.Sprintf("and %d more shards are missing", missing-most))
	}
	return problems
}

// openJournals opens the journals of shards, and says which are unfinished or
// damaged.
func openJournals(shards []OpenedShard) (problems []string) {
	for i := range shards {
		s := &shards[i]
		var err error
		if s.Journal, err = engine.ReadJournal(filepath.Join(s.Folder, journalFile)); err != nil {
			problems = append(problems, fmt.Sprintf("shard %s: %v", s.Which, err))
			continue
		}
		if s.Finished && s.Journal.Dropped() == 0 && s.Journal.Len() == s.Of {
			continue
		}
		why := "it runs still, or was interrupted"
		if s.Stopped != "" {
			why = s.Stopped
		} else if s.Finished {
			why = "its journal was cut"
		}
		problems = append(problems, fmt.Sprintf("%s: shard %s is unfinished: %d attempts are made: %s: continue it with --resume", files.ShortPath(s.Folder), s.Which, s.Journal.Len(), why))
	}
	return problems
}

// findForeign says which shards are of another evaluation than most.
func findForeign(shards []OpenedShard) (problems []string) {
	var opened []OpenedShard
	for _, s := range shards {
		if s.Journal != nil {
			opened = append(opened, s)
		}
	}
	if len(opened) == 0 {
		return nil
	}
	usual := commonest(opened, func(s OpenedShard) string { return string(withoutShard(s.Journal.Identity())) })
	for _, s := range opened {
		differs, err := journal.Differences(withoutShard(s.Journal.Identity()), json.RawMessage(usual), "it has %s, the others %s")
		if err != nil {
			differs = err.Error()
		}
		if differs != "" {
			problems = append(problems, fmt.Sprintf("%s: shard %s: %v: %s", files.ShortPath(s.Folder), s.Which, errForeign, differs))
		}
	}
	return problems
}

// withoutShard is the identity of a shard's evaluation, whichever shard it is; as
// it is where it is no object.
func withoutShard(identity json.RawMessage) json.RawMessage {
	var tree map[string]json.RawMessage
	if json.Unmarshal(identity, &tree) != nil {
		return identity
	}
	delete(tree, "shard")
	raw, err := json.Marshal(tree)
	if err != nil {
		return identity
	}
	return raw
}

func sameFolder(a, b string) bool {
	x, errX := filepath.EvalSymlinks(a)
	y, errY := filepath.EvalSymlinks(b)
	return errX == nil && errY == nil && absolute(x) == absolute(y)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// commonest is the key that most have, the first of equals.
func commonest[T any, K comparable](all []T, key func(T) K) (most K) {
	count := map[K]int{}
	for _, v := range all {
		count[key(v)]++
	}
	for _, v := range all {
		if k := key(v); count[k] > count[most] {
			most = k
		}
	}
	return most
}
