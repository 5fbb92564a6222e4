package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
)

// ThreatsDir is the folder of a run folder with an evaluation for each threat that
// is no norm: in a folder named after its kind, as the run folder itself holds
// that of a norm. [Load] reads it.
const ThreatsDir = "threats"

// ThreatFolder is the folder in a run folder, or that of results, whose evaluation
// is that of a threat: the folder itself for norms.
func ThreatFolder(folder string, t attacks.Threat) string {
	if !t.IsGeometric() {
		return folder
	}
	return filepath.Join(folder, ThreatsDir, kindOf(t.Geometry))
}

// CorruptionFolder is the folder in a run folder with the corruptions' results.
func CorruptionFolder(folder string) string { return filepath.Join(folder, ThreatsDir, "corruption") }

// kindOf names a kind of geometric threat: its terms, and the words that change
// what they mean.
func kindOf(t geometry.Threat) string {
	name, rest, _ := strings.Cut(t.String(), "(")
	for _, word := range []string{"whole", "smooth", "border=edge"} {
		if strings.Contains(rest, word) {
			name += "-" + strings.TrimPrefix(word, "border=")
		}
	}
	return name
}

// ThreatFolders lists the folders of a run with an evaluation of a geometric
// threat, sorted.
func ThreatFolders(run string) []string {
	found, _ := filepath.Glob(filepath.Join(glob(run), ThreatsDir, "*", AttackDir, recordFile))
	var out []string
	for _, path := range found {
		out = append(out, filepath.Dir(filepath.Dir(path)))
	}
	slices.Sort(out)
	return out
}

// HasEvaluation tells whether a folder holds the evaluation of a norm.
func HasEvaluation(run string) bool {
	_, err := os.Stat(filepath.Join(run, AttackDir, recordFile))
	return err == nil
}

// glob writes a path so that a pattern matches it alone.
func glob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
