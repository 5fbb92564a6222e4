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

// Nearest is the name of the list that takes the fewest edits (insert, delete, replace a letter, swap two
// neighbours) to become the given one; the earliest of equals. The list must not be empty.
func Nearest(name string, known []string) string {
	best, least := known[0], -1
	for _, k := range known {
		if d := editDistance(name, k); least < 0 || d < least {
			best, least = k, d
		}
	}
	return best
}

// editDistance is the optimal string alignment distance of two strings, byte by byte (Damerau 1964): the
// Levenshtein distance in which two letters that have changed places are one edit.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, row[j-1]+1, last[j]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
