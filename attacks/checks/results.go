package checks

// Status is the state in which a check ended.
type Status string

// States. FAIL says that the evaluation cannot be trusted as it is, WARN that
// the check is not conclusive. SKIP says that the check does not apply or lacks
// what it needs.
const (
	Pass Status = "PASS"
	Warn Status = "WARN"
	Fail Status = "FAIL"
	Skip Status = "SKIP"
)

var severity = map[Status]int{Skip: 0, Pass: 1, Warn: 2, Fail: 3}

// worstStatus is the most severe of some states, SKIP of none.
func worstStatus(all ...Status) Status {
	w := Skip
	for _, s := range all {
		if severity[s] > severity[w] {
			w = s
		}
	}
	return w
}

// Result is what one check found.
type Result struct {
	ID        string `json:"id"` // C and two digits
	Title     string `json:"title"`
	Status    Status `json:"status"`
	Value     string `json:"value"`            // what was measured
	Threshold string `json:"threshold"`        // what was wanted
	Images    []int  `json:"images,omitempty"` // places in the data of offending images
	Advice    string `json:"advice,omitempty"` // what to do about it
	Source    string `json:"source"`           // where the check comes from
}
