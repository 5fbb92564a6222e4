package reproduce

import (
	"path/filepath"
	"strings"

	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/paper"
)

// Request says what is reproduced.
type Request struct {
	Names  []string // of tables and figures, or All
	Budget paper.Budget
	Seeds  int      // seeds 1 to Seeds; 0 for those of the budget
	Runs   string   // folder of the run folders; "" for the budget's
	Data   string   // folder that holds the folders of the data sets; "" for the configured places
	Set    []string // key=value, for all trainings
	// PlanOnly says that nothing is trained: what is requested by its name is planned
	// without its data set, and All where there is no data set at all.
	PlanOnly bool
}

// All names every table and figure.
const All = "all"

// Names lists the tables and figures, in the paper's order.
func Names() []string { return append(paper.Names(), figureNames...) }

// reservedKeys are configuration keys that the tables determine; those that end
// in a dot stand for all keys below them.
var reservedKeys = []string{"seed", "run", "attack.", "data.set", "data.view", "model.kind"}

// complete refuses wrong values and fills in what the request leaves out.
func (q *Request) complete() error {
	if q.Budget != paper.Small && q.Budget != paper.Full {
		return study.WrongRequest("--budget: want small or full, got %q", q.Budget)
	}
	for _, kv := range q.Set {
		key, _, _ := strings.Cut(kv, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		for _, reserved := range reservedKeys {
			if key == reserved || strings.HasSuffix(reserved, ".") && strings.HasPrefix(key, reserved) {
				return study.WrongRequest("--set %s: the tables decide about %s: leave it out", kv, key)
			}
		}
	}
	const mostSeeds = 1000
	if q.Seeds < 0 || q.Seeds > mostSeeds {
		return study.WrongRequest("--seeds: want 1 to %d, got %d", mostSeeds, q.Seeds)
	}
	if q.Seeds == 0 {
		q.Seeds = q.Budget.Seeds()
	}
	if q.Runs == "" {
		q.Runs = filepath.Join("runs", "reproduce-"+string(q.Budget))
	}
	return nil
}
