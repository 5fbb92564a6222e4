package report

import "fmt"

// listProvenance says what the results are of, where that is not what a reader
// would take for granted.
func listProvenance(f SummaryData) []string {
	var out []string
	if f.OtherData != "" {
		out = append(out, fmt.Sprintf("These are not the %s images of the set that the model was trained with: %s.", f.Part, f.OtherData))
	}
	if f.Resumed > 0 {
		out = append(out, fmt.Sprintf("%s from the journal of an interrupted evaluation, which does not store the examples: they were not verified again.", comeFrom(f.Resumed)))
	}
	return out
}

func comeFrom(n int) string {
	if n == 1 {
		return "1 result comes"
	}
	return fmt.Sprintf("%d results come", n)
}
