package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// Figures are what follows from a record: all that the reports say, without
// the attempts on single images.
type Figures struct {
	About
	Norm       attacks.Norm    `json:"norm"`
	Radii      []float32       `json:"radii"`
	Exhaustive bool            `json:"exhaustive"`
	Images     int             `json:"images"`
	Commonest  int             `json:"commonest"` // how many images have the commonest label
	Clean      Rate            `json:"clean"`     // right without attack
	Worst      []Point         `json:"worst"`     // per image, over all attacks; one for each radius
	Attacks    []Attacked      `json:"attacks"`
	Checks     []checks.Result `json:"checks"`
	Cost       attacks.Cost    `json:"cost"`
	Seconds    float64         `json:"seconds"`
	Stopped    string          `json:"stopped,omitempty"`
	Missing    int             `json:"missing,omitempty"` // attempts that were not made
}

// Rate is a share with its 95 % interval (Wilson).
type Rate struct {
	Count int     `json:"count"`
	Of    int     `json:"of"`
	Share float64 `json:"share"` // 0 of none
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// NewRate is count of so many, with its 95 % interval (Wilson).
func NewRate(count, of int) Rate {
	r := Rate{Count: count, Of: of}
	if of > 0 {
		r.Share = float64(count) / float64(of)
	}
	r.Low, r.High = checks.Wilson(count, of)
	return r
}

// Point is what is left at one radius, by the three definitions in use.
type Point struct {
	Eps     float32 `json:"eps"`
	Left    Rate    `json:"left"`    // accuracy under attack: right, of all images
	Fooled  Rate    `json:"fooled"`  // wrong after the attack, of those right before
	Changed Rate    `json:"changed"` // prediction changed, of all images: at least, since those wrong before are not attacked
}

func point(eps float32, left, right, images int) Point {
	return Point{eps, NewRate(left, images), NewRate(right-left, right), NewRate(right-left, images)}
}

// Attacked is what one attack came to.
type Attacked struct {
	Attack  string          `json:"attack"` // as attacks.Parse reads it
	Name    string          `json:"name"`
	Title   string          `json:"title"` // for people; no two of an evaluation are the same
	Paper   string          `json:"paper,omitempty"`
	Family  attacks.Family  `json:"family"`
	Norm    attacks.Norm    `json:"norm"` // that it minimises
	Whole   bool            `json:"whole"`
	Losses  []attacks.Loss  `json:"losses,omitempty"`
	Params  []attacks.Param `json:"params"`
	Points  []AttackPoint   `json:"points"` // one for each of its radii
	Made    int             `json:"made"`   // images that it was run on
	Found   Rate            `json:"found"`  // of those, at any distance
	Median  attacks.Far     `json:"median"` // distance over those, null where fewer than half were found
	Invalid int             `json:"invalid,omitempty"`
	Loss    []LossPoint     `json:"loss,omitempty"`
	Traced  int             `json:"traced,omitempty"` // images in the mean of Loss
	Queries *Queries        `json:"queries,omitempty"`
	Cost    attacks.Cost    `json:"cost"`
	Seconds float64         `json:"seconds"` // its part of the time, by passes: attacks share batches
}

// AttackPoint is an attack at one radius. In an exhaustive evaluation Point is
// its own, otherwise what it and the attacks before it left together: later
// attacks see survivors only.
type AttackPoint struct {
	Point
	Added  int     `json:"added"`          // images broken by this attack and none before it
	Only   *int    `json:"only,omitempty"` // images broken by this attack alone; known if exhaustive
	Broken int     `json:"broken"`         // of Tried single runs at just this radius
	Tried  int     `json:"tried"`
	Steps  int     `json:"steps,omitempty"`
	Alpha  float32 `json:"alpha,omitempty"` // size of a step
	Weaker string  `json:"weaker,omitempty"`
}

// LossPoint is the mean loss at an iterate; images that are broken before keep
// their last.
type LossPoint struct {
	Iterate int     `json:"iterate"`
	Mean    float64 `json:"mean"`
}

// Queries are the forward passes up to the first confirmed example, of the
// images for which there is one.
type Queries struct {
	Median int   `json:"median"`
	Bins   []Bin `json:"bins"`
}

// Bin counts images with at least From and fewer than To queries.
type Bin struct {
	From  int `json:"from"`
	To    int `json:"to"`
	Count int `json:"count"`
}

// Derive computes the figures of a record.
func Derive(r *Record) Figures {
	e := &r.Evaluation
	f := Figures{
		About: r.About, Norm: e.Norm, Radii: e.Radii, Exhaustive: e.Exhaustive, Images: e.Images,
		Commonest: commonest(e.Labels), Clean: NewRate(e.CleanRight, e.Images),
		Checks: r.Checks, Cost: e.Cost, Seconds: max(0, e.Seconds), Stopped: e.Stopped,
	}
	for _, eps := range e.Radii {
		f.Worst = append(f.Worst, point(eps, e.Left(eps), e.CleanRight, e.Images))
	}
	t := tally(e)
	names := titles(e.Series)
	for s := range e.Series {
		a := attacked(e, s, t)
		a.Title = names[s]
		f.Missing += e.CleanRight - done(e, s)
		f.Attacks = append(f.Attacks, a)
	}
	all := 0
	for _, a := range f.Attacks {
		all += a.Cost.Forward + a.Cost.Backward + a.Cost.Referee
	}
	for i, a := range f.Attacks {
		if all > 0 {
			f.Attacks[i].Seconds = f.Seconds * float64(a.Cost.Forward+a.Cost.Backward+a.Cost.Referee) / float64(all)
		}
	}
	return f
}

// done counts the images right before that attack s has been through with.
func done(e *attacks.Evaluation, s int) int {
	n := 0
	for i, a := range e.Series[s].Attempts {
		if a.Done && e.Right(i) {
			n++
		}
	}
	return n
}

// breakers say for each image which attack is the first to break it within one
// radius, -1 for none, and how many do.
type breakers struct{ first, count []int }

func tally(e *attacks.Evaluation) map[float32]breakers {
	t := map[float32]breakers{}
	for _, eps := range e.Radii {
		b := breakers{make([]int, e.Images), make([]int, e.Images)}
		for i := range e.Images {
			b.first[i] = -1
			for s := range e.Series {
				if e.Right(i) && e.Breaks(s, i, eps) {
					if b.count[i]++; b.first[i] < 0 {
						b.first[i] = s
					}
				}
			}
		}
		t[eps] = b
	}
	return t
}

func attacked(e *attacks.Evaluation, s int, t map[float32]breakers) Attacked {
	series := &e.Series[s]
	a := Attacked{
		Attack: series.Attack, Name: series.Name, Paper: series.Paper, Family: series.Family, Norm: series.Norm,
		Whole: series.Schedule == attacks.Whole, Losses: series.Losses, Params: series.Params,
	}
	found := 0
	for _, at := range series.Attempts {
		if !at.Done || at.Skipped {
			continue
		}
		a.Made++
		a.Invalid += at.Invalid
		a.Cost.Forward += at.Forward
		a.Cost.Backward += at.Backward
		a.Cost.Referee += at.Referee
		if !math.IsInf(float64(number(at.Distance)), 1) {
			found++
		}
	}
	a.Found, a.Median = NewRate(found, a.Made), median(series.Attempts)
	a.Loss, a.Traced = meanLoss(series.Attempts)
	if series.Family == attacks.Score || series.Family == attacks.Decision {
		a.Queries = queries(series.Attempts)
	}
	for k, eps := range series.Radii {
		a.Points = append(a.Points, attackPoint(e, s, k, eps, t[eps]))
	}
	return a
}

func attackPoint(e *attacks.Evaluation, s, k int, eps float32, b breakers) AttackPoint {
	var p AttackPoint
	own, among, only := 0, 0, 0 // broken by s; by s or any before it; by s alone
	for i, first := range b.first {
		if first >= 0 && first <= s {
			among++
		}
		if first == s {
			p.Added++
		}
		if e.Right(i) && e.Breaks(s, i, eps) {
			own++
			if b.count[i] == 1 {
				only++
			}
		}
	}
	broken := among
	if e.Exhaustive {
		broken, p.Only = own, &only
	}
	p.Point = point(eps, e.CleanRight-broken, e.CleanRight, e.Images)
	p.Broken, p.Tried = e.Raw(s, k)
	p.Steps, p.Alpha = plan(e.Series[s].Attack, eps)
	p.Weaker = weaker(e, s, eps)
	return p
}

// plan is how many steps of which size an attack makes, if it says so.
func plan(text string, eps float32) (int, float32) {
	a, err := attacks.Parse(text)
	if err != nil {
		return 0, 0
	}
	if p, ok := a.(interface{ Plan(float32) (int, float32) }); ok {
		return p.Plan(eps)
	}
	return 0, 0
}

// weaker names a baseline that breaks more images at eps than attack s, which
// follows a gradient: then that gradient does not follow the classifier. Only
// images that s has seen count. Where later attacks see survivors only, a
// baseline before s leaves nothing to compare, and one after s breaks at least
// what it is known to.
func weaker(e *attacks.Evaluation, s int, eps float32) string {
	if len(e.Series[s].Losses) == 0 || e.Series[s].Family != attacks.WhiteBox && e.Series[s].Family != attacks.Adaptive {
		return ""
	}
	for b := range e.Series {
		if e.Series[b].Family != attacks.Baseline || !e.Exhaustive && b < s {
			continue
		}
		own, noise := 0, 0
		for i, at := range e.Series[s].Attempts {
			if !at.Done || at.Skipped || !e.Right(i) {
				continue
			}
			if e.Breaks(s, i, eps) {
				own++
			}
			if e.Breaks(b, i, eps) {
				noise++
			}
		}
		if noise > own {
			return signs(e.Series[b].Name)
		}
	}
	return ""
}

// signs says what a baseline is.
func signs(name string) string {
	if name == "random" {
		return "random signs"
	}
	return name + " noise"
}

// median is that of the distances over the images that an attack was run on.
func median(attempts []attacks.Attempt) attacks.Far {
	var all []float64
	for _, a := range attempts {
		if a.Done && !a.Skipped {
			all = append(all, float64(number(a.Distance)))
		}
	}
	if len(all) == 0 {
		return attacks.Far(math.Inf(1))
	}
	slices.Sort(all)
	return attacks.Far(all[(len(all)-1)/2])
}

// mostLosses bounds the points of a curve; no screen shows more.
const mostLosses = 200

func meanLoss(attempts []attacks.Attempt) (curve []LossPoint, traced int) {
	longest := 0
	var traces [][]float32
	for _, a := range attempts {
		if n := finite(a.Trace); n > 0 {
			traces = append(traces, a.Trace[:n])
			longest = max(longest, n)
		}
	}
	if longest < 2 {
		return nil, 0
	}
	every := (longest + mostLosses - 1) / mostLosses
	for k := 0; k < longest; k += every {
		var sum float64
		for _, t := range traces {
			sum += float64(t[min(k, len(t)-1)])
		}
		curve = append(curve, LossPoint{k + 1, sum / float64(len(traces))})
	}
	return curve, len(traces)
}

// queries sorts the numbers into bins of 1, 2, 5, 10, 20, 50...
func queries(attempts []attacks.Attempt) *Queries {
	var all []int
	for _, a := range attempts {
		if a.Done && !a.Skipped && a.Queries > 0 && !math.IsInf(float64(number(a.Distance)), 1) {
			all = append(all, a.Queries)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	q := &Queries{Median: all[(len(all)-1)/2]}
	from, next := 1, []int{2, 5, 10}
	for k, i := 0, 0; i < len(all); k++ {
		to := next[k%3]
		next[k%3] *= 10
		n := 0
		for ; i < len(all) && all[i] < to; i++ {
			n++
		}
		if n > 0 || len(q.Bins) > 0 {
			q.Bins = append(q.Bins, Bin{from, to, n})
		}
		from = to
	}
	return q
}

// spelled are the names of attacks as their papers write them.
var spelled = map[string]string{
	"fgsm": "FGSM", "rfgsm": "R-FGSM", "bim": "BIM", "pgd": "PGD", "mifgsm": "MI-FGSM", "apgd": "APGD", "apgd-t": "APGD-T",
	"fab": "FAB", "fab-t": "FAB-T", "deepfool": "DeepFool", "cw": "Carlini–Wagner", "ead": "EAD", "jsma": "JSMA", "ddn": "DDN", "fmn": "FMN",
	"square": "Square", "spsa": "SPSA", "nes": "NES", "boundary": "Boundary", "hopskipjump": "HopSkipJump", "localsearch": "LocalSearch",
}

// titles describe attacks for people; those that would be called the same, by
// their full text.
func titles(series []attacks.Series) []string {
	out := make([]string, len(series))
	count := map[string]int{}
	for i, s := range series {
		out[i] = title(s)
		count[out[i]]++
	}
	for i, s := range series {
		if count[out[i]] > 1 {
			out[i] = s.Attack
		}
	}
	// Even the texts may agree, where an attack is listed twice.
	again := map[string]int{}
	for i, t := range out {
		if again[t]++; again[t] > 1 {
			out[i] = fmt.Sprintf("%s, run %d", t, again[t])
		}
	}
	return out
}

func title(s attacks.Series) string {
	name, ok := spelled[s.Name]
	if !ok {
		name = s.Name
	}
	if s.Name == "random" {
		return "random signs, no gradient"
	}
	words := []string{name}
	if steps := steps(s); steps > 1 {
		words = append(words, fmt.Sprintf("%d steps", steps))
	}
	if n := param(s, "restarts"); n != "" && n != "0" && n != "1" {
		words = append(words, n+" restarts")
	}
	if t := param(s, "target"); t != "" {
		words = append(words, "target "+t)
	}
	if len(s.Losses) > 0 && s.Losses[0] != attacks.Linear {
		var l []string
		for _, loss := range s.Losses {
			l = append(l, lossWords(loss))
		}
		words = append(words, "gradient of the "+strings.Join(l, " and the "))
	}
	return strings.Join(words, ", ")
}

// steps of an attack where they are the same at every radius.
func steps(s attacks.Series) int {
	var n int
	for i, eps := range s.Radii {
		k, _ := plan(s.Attack, eps)
		if i > 0 && k != n {
			return 0
		}
		n = k
	}
	if n == 0 {
		fmt.Sscan(param(s, "steps"), &n)
	}
	return n
}

func param(s attacks.Series, key string) string {
	for _, p := range s.Params {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

func lossWords(l attacks.Loss) string {
	switch l {
	case attacks.Training:
		return "training loss"
	case attacks.Classification:
		return "classifier"
	case attacks.DLR, attacks.TargetedDLR:
		return "DLR loss"
	case attacks.Embedding, attacks.Appearance, attacks.Geometry:
		return string(l) + " code"
	}
	return string(l)
}

// lossNames says what a loss is.
func lossNames(l attacks.Loss) string {
	switch l {
	case attacks.Classification:
		return "cross-entropy of the label"
	case attacks.Training:
		return "whole training loss"
	case attacks.Linear:
		return "weighted logits"
	}
	return lossWords(l)
}

// commonest is how often the commonest label occurs.
func commonest(labels []int32) int {
	count, most := map[int32]int{}, 0
	for _, l := range labels {
		count[l]++
		most = max(most, count[l])
	}
	return most
}
