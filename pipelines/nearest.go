package pipelines

import "fmt"

// DidYouMean asks whether the name of the list that is nearest to the given one was
// meant, to end an error: format says how a name is written, such as "--%s". It is
// "" where none resembles it: no more than half of the letters may differ.
func DidYouMean(name string, known []string, format string) string {
	if len(known) == 0 {
		return ""
	}
	best := Nearest(name, known)
	if editDistance(name, best) > (max(len(name), len(best))+1)/2 {
		return ""
	}
	return ": did you mean " + fmt.Sprintf(format, best) + "?"
}

// Nearest is the name of the list that takes the fewest edits (insert, delete, replace one letter)
// to become the given one; the earliest of equals. The list must not be empty.
func Nearest(name string, known []string) string {
	best, least := known[0], -1
	for _, k := range known {
		if d := editDistance(name, k); least < 0 || d < least {
			best, least = k, d
		}
	}
	return best
}

// editDistance is the Levenshtein distance between two strings, byte by byte.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
