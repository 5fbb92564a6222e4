package main

import (
	"strings"
	"testing"

	"unwarp/tools/internal/study/disentanglement"
	"unwarp/tools/internal/study/embedding"
)

// A fit that is worse than the mean is said to be of too few images.
func TestRemarkFit(t *testing.T) {
	code := func(name string, informativeness float64) embedding.CodeResult {
		return embedding.CodeResult{Code: name, Scores: &disentanglement.Scores{DCI: disentanglement.DCI{Informativeness: informativeness}}}
	}
	if got := remarkFit([]embedding.CodeResult{code("appearance", .4), {Code: "none"}}); got != "" {
		t.Errorf("want no remark, got %q", got)
	}
	if got := remarkFit([]embedding.CodeResult{code("appearance", .4), code("geometry", -14.5)}); !strings.Contains(got, "(geometry)") || !strings.Contains(got, "larger --fit") {
		t.Errorf("got %q", got)
	}
}
