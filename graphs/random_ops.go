package graphs

import "strings"

// randomOps are parts of the names of the ops whose results are drawn, with a seed or
// without.
var randomOps = []string{"Random", "Multinomial", "TruncatedNormal", "StandardNormal", "StatefulUniform", "NonDeterministicInts", "CandidateSampler", "SampleDistortedBoundingBox"}

// IsRandomOp tells whether an op of this type draws random numbers.
func IsRandomOp(opType string) bool {
	for _, part := range randomOps {
		if strings.Contains(opType, part) {
			return true
		}
	}
	return false
}
