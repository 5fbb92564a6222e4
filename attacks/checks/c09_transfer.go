package checks

import (
	"fmt"
	"strings"
)

var _ = register(Check{
	ID: "C09", Title: "Transfer does worse than direct attack",
	Threshold: "at each eps success of transfer attacks at most that of direct attacks",
	Source:    carlini + "transferability",
	needs:     needsEvaluation | needsAttempts, judge: judgeTransfer,
})

func judgeTransfer(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	transfer, direct := attacksOf(ev, isTransfer), attacksOf(ev, isWhiteBox)
	if len(transfer) == 0 || len(direct) == 0 {
		return skip("no transfer attack or no direct one was run")
	}
	v := verdict{status: Pass}
	var parts []string
	for _, eps := range ev.Radii {
		at := compareGroups(ev, transfer, direct, eps)
		if at.compared == 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("eps %g: transfer alone %d, direct alone %d", eps, at.onlyA, at.onlyB))
		if s := judgeNoBetter(at.onlyA, at.onlyB, len(ev.Radii)); severity[s] > severity[v.status] {
			v.status, v.images = s, at.images
		}
	}
	if len(parts) == 0 {
		return skip("no image was given to both")
	}
	v.value = strings.Join(parts, "; ")
	if v.status != Pass {
		v.advice = "another model's gradient succeeds more often than this model's own: its own is masked, or the direct attack is too weak"
	}
	return v, nil
}
