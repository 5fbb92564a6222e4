package savedmodel

import (
	"fmt"
	"strings"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"

	"unwarp/graphs"
)

// merge pulls a Merge of TensorFlow 1's conditions: a choice by the condition of
// the Switches that lead to its inputs.
func (p *puller) merge(f *frame, n *nodepb.NodeDef, i int) value {
	in := dataInputs(n)
	if len(in) != 2 || i != 0 {
		p.problems.add("a condition of an unknown kind", n.GetOp(), n.GetName())
		return value{}
	}
	a, b := p.switches(f, in[0]), p.switches(f, in[1])
	if p.err != nil {
		return value{}
	}
	if a.loop || b.loop {
		p.problems.add("a loop, which cannot be written out", n.GetOp(), n.GetName())
		return value{}
	}
	condition, then, otherwise := "", in[0], in[1]
	for text, sides := range a.sides {
		if sides+b.sides[text] != 3 || sides == 3 || sides == 0 {
			continue // 1 for false, 2 for true: one input has one, the other the other
		}
		if condition != "" {
			p.problems.add("a condition of an unknown kind", n.GetOp(), n.GetName())
			return value{}
		}
		condition = text
		if sides == 1 {
			then, otherwise = in[1], in[0]
		}
	}
	if condition == "" {
		p.problems.add("a condition of an unknown kind", n.GetOp(), n.GetName())
		return value{}
	}
	c := p.input(f, condition)
	if taken, known := p.constantBool(c); known {
		if taken {
			return p.input(f, then)
		}
		return p.input(f, otherwise)
	}
	p.remarks.add("both branches of conditions are computed", "")
	return p.choose(n, c, p.input(f, then), p.input(f, otherwise))
}

// switched lists which sides of which conditions lead to a tensor: 1 for false, 2
// for true, 3 for both.
type switched struct {
	sides map[string]int
	loop  bool
	seen  map[string]bool
}

// switches walks back from a tensor, also along inputs that only order: a constant
// in a branch has no others.
func (p *puller) switches(f *frame, text string) *switched {
	s := &switched{sides: map[string]int{}, seen: map[string]bool{}}
	todo := []string{text}
	for len(todo) > 0 && p.err == nil {
		text := strings.TrimPrefix(todo[len(todo)-1], "^")
		todo = todo[:len(todo)-1]
		if p.steps++; p.steps > maxSteps {
			p.fail(fmt.Errorf("want at most %d inputs after all calls are written out, got more: it is damaged, or made to do harm", maxSteps))
			break
		}
		if _, isArgument := f.argument(text); isArgument || s.seen[text] {
			continue
		}
		s.seen[text] = true
		n, i, err := p.tensor(f, text)
		if err != nil {
			p.fail(err)
			break
		}
		switch n.GetOp() {
		case "Switch", "RefSwitch":
			if in := dataInputs(n); len(in) == 2 && i < 2 {
				s.sides[p.origin(f, in[1])] |= 1 << i
			}
		case "NextIteration", "Enter", "RefEnter", "RefNextIteration":
			s.loop = true
		}
		todo = append(todo, n.GetInput()...)
	}
	return s
}

// origin is the name of what a tensor is an identity of.
func (p *puller) origin(f *frame, text string) string {
	for range maxCalls {
		t, err := graphs.ParseTensor(text)
		n := f.nodes[t.Node]
		if err != nil || n == nil || n.GetOp() != "Identity" || len(dataInputs(n)) != 1 {
			return strings.TrimSuffix(text, ":0")
		}
		text = dataInputs(n)[0]
	}
	return text
}
