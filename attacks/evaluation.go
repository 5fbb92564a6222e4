package attacks

import (
	"encoding/json"
	"math"
	"slices"
)

// Far is a distance; +Inf, for none found, is null in JSON.
type Far float64

// MarshalJSON writes +Inf as null.
func (d Far) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(d), 1) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(d))
}

// UnmarshalJSON reads null as +Inf.
func (d *Far) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*d = Far(math.Inf(1))
		return nil
	}
	return json.Unmarshal(raw, (*float64)(d))
}

// Attempt is what one attack came to on one image.
type Attempt struct {
	Done     bool `json:"done"`              // the attack has run, or had nothing left to find
	Skipped  bool `json:"skipped,omitempty"` // nothing left to find: broken before at the smallest radius, or the target is the label
	Distance Far  `json:"distance"`          // of the smallest confirmed example, in the attack's norm
	Reach    Far  `json:"reach"`             // in the threat's norm: broken at this radius and every larger one
	Class    int  `json:"class"`             // of that example
	Queries  int  `json:"queries,omitempty"` // forward passes up to the first confirmed example
	Invalid  int  `json:"invalid,omitempty"` // claims outside ball or box: not counted
	Cost
	// Tried says for each radius of the series what running the attack there
	// gave: '1' success, '0' none, '.' not run.
	Tried string    `json:"tried,omitempty"`
	Trace []float32 `json:"trace,omitempty"` // the loss at each iterate of the last radius run
	Image []float32 `json:"-"`               // of the smallest example, where images are kept
	Last  []float32 `json:"-"`               // what was claimed last, confirmed or not, where images are kept
}

// Series is what one attack came to on all images.
type Series struct {
	Attack   string    `json:"attack"` // as Parse reads it
	Name     string    `json:"name"`
	Paper    string    `json:"paper,omitempty"`
	Family   Family    `json:"family"`
	Schedule Schedule  `json:"schedule"`
	Norm     Norm      `json:"norm"` // that it minimises
	Losses   []Loss    `json:"losses,omitempty"`
	Params   []Param   `json:"params"`
	Radii    []float32 `json:"radii"`    // ascending
	Attempts []Attempt `json:"attempts"` // one for each image; not Done for those not attacked
}

// Evaluation is the result: for each image and attack the smallest radius at
// which the attack broke it. All curves follow from that.
type Evaluation struct {
	Norm       Norm      `json:"norm"`
	Radii      []float32 `json:"radii"` // of the evaluation and of all attacks, ascending
	Exhaustive bool      `json:"exhaustive"`
	Images     int       `json:"images"`
	Pixels     int       `json:"pixels"` // values of an image
	CleanRight int       `json:"clean_right"`
	Labels     []int32   `json:"labels"`
	Index      []int     `json:"index"`
	Clean      []int32   `json:"clean"` // classes without attack
	Series     []Series  `json:"series"`
	Cost       Cost      `json:"cost"`
	Seconds    float64   `json:"seconds"`
	// Stopped says why not every attack ran on every image, "" if all did.
	Stopped string `json:"stopped,omitempty"`
}

// Right tells whether image i is classified right without attack.
func (e *Evaluation) Right(i int) bool { return e.Clean[i] == e.Labels[i] }

// within is reach <= eps, up to rounding.
func (e *Evaluation) within(reach Far, eps float32) bool {
	return float64(reach) <= float64(eps)+slack(e.Norm, e.Pixels, float64(eps))
}

// Breaks tells whether series s broke image i within eps.
func (e *Evaluation) Breaks(s, i int, eps float32) bool {
	return e.Series[s].Attempts[i].Done && e.within(e.Series[s].Attempts[i].Reach, eps)
}

// Broken counts the images that series s broke within eps.
func (e *Evaluation) Broken(s int, eps float32) int {
	n := 0
	for i := range e.Images {
		if e.Breaks(s, i, eps) {
			n++
		}
	}
	return n
}

// Raw counts, for radius k of series s, on how many images it was run and how
// many of them broke: what a table of single runs prints.
func (e *Evaluation) Raw(s, k int) (broken, tried int) {
	for _, a := range e.Series[s].Attempts {
		if k < len(a.Tried) && a.Tried[k] != '.' {
			tried++
			if a.Tried[k] == '1' {
				broken++
			}
		}
	}
	return broken, tried
}

// Left counts the images classified right without attack that none of the
// given series breaks within eps; without series given, none of all: the
// per-image worst case.
func (e *Evaluation) Left(eps float32, series ...int) int {
	if len(series) == 0 {
		for s := range e.Series {
			series = append(series, s)
		}
	}
	n := 0
	for i := range e.Images {
		if e.Right(i) && !slices.ContainsFunc(series, func(s int) bool { return e.Breaks(s, i, eps) }) {
			n++
		}
	}
	return n
}

// Share is n of all images.
func (e *Evaluation) Share(n int) float64 {
	if e.Images == 0 {
		return 0
	}
	return float64(n) / float64(e.Images)
}

// Success is the share of the images right before that series s makes wrong.
func (e *Evaluation) Success(s int, eps float32) float64 {
	if e.CleanRight == 0 {
		return 0
	}
	return float64(e.Broken(s, eps)) / float64(e.CleanRight)
}

// Median distance of series s over the images it was run on, +Inf where it
// found nothing for half of them.
func (e *Evaluation) Median(s int) float64 {
	var all []float64
	for _, a := range e.Series[s].Attempts {
		if a.Done && !a.Skipped {
			all = append(all, float64(a.Distance))
		}
	}
	if len(all) == 0 {
		return math.Inf(1)
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// Find is the place of the first series of the attack called name, -1 for none.
func (e *Evaluation) Find(name string) int {
	return slices.IndexFunc(e.Series, func(s Series) bool { return s.Name == name })
}
