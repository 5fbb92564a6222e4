package report

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/tools/internal/printable"
)

// titleAttacks describes attacks for people. Attacks with equal titles are called
// by their full text.
func titleAttacks(series []attacks.AttackResult) []string {
	out := make([]string, len(series))
	count := map[string]int{}
	for i, s := range series {
		out[i] = titleOf(s)
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

// tellAttacksApart calls attacks of several runs by their full text where others
// have the same title, since what they differ in is in none.
func (r *Report) tellAttacksApart() {
	texts := map[string][]string{}
	for _, f := range r.Runs {
		for _, a := range f.Attacks {
			if !slices.Contains(texts[a.Title], a.Attack) {
				texts[a.Title] = append(texts[a.Title], a.Attack)
			}
		}
	}
	for i := range r.Runs {
		for k := range r.Runs[i].Attacks {
			if a := &r.Runs[i].Attacks[k]; len(texts[a.Title]) > 1 {
				a.Title = a.Attack
			}
		}
	}
}

func titleOf(s attacks.AttackResult) string {
	words := []string{s.Name}
	if e, ok := attacks.Lookup(s.Name); ok {
		words[0] = e.Title
	}
	if steps := constantSteps(s); steps > 1 {
		words = append(words, printable.Count(steps, "step"))
	}
	if n := paramValue(s, "restarts"); n != "" && n != "0" && n != "1" {
		words = append(words, n+" restarts")
	}
	if t := paramValue(s, "target"); t != "" {
		words = append(words, "target "+t)
	}
	if len(s.Losses) > 0 && s.Losses[0] != attacks.Linear {
		var l []string
		for _, loss := range s.Losses {
			if loss != attacks.Linear { // which orders targets
				l = append(l, shortLossName(loss))
			}
		}
		words = append(words, "gradient of the "+strings.Join(l, " and the "))
	}
	return strings.Join(words, ", ")
}

// constantSteps returns the number of an attack's steps where it is the same at
// every radius, else 0.
func constantSteps(s attacks.AttackResult) int {
	var n int
	for i, eps := range s.Radii {
		k, _ := stepsAt(s, eps)
		if i > 0 && k != n {
			return 0
		}
		n = k
	}
	if n == 0 {
		fmt.Sscan(paramValue(s, "steps"), &n)
	}
	return n
}

func paramValue(s attacks.AttackResult, key string) string {
	for _, p := range s.Params {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

func shortLossName(l attacks.Loss) string {
	switch l {
	case attacks.Training:
		return "training loss"
	case attacks.Classification:
		return "classifier"
	case attacks.DLR, attacks.TargetedDLR:
		return "DLR loss"
	case attacks.ProbabilityMargin:
		return "probability margin"
	case attacks.Embedding, attacks.Appearance, attacks.Geometry:
		return string(l) + " code"
	}
	return string(l)
}

// lossName describes a loss.
func lossName(l attacks.Loss) string {
	switch l {
	case attacks.Classification:
		return "cross-entropy of the label"
	case attacks.Training:
		return "whole training loss"
	case attacks.Linear:
		return "weighted logits"
	}
	return shortLossName(l)
}
