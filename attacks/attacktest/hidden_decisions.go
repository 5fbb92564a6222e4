package attacktest

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// HiddenDecision is a model that is as easily fooled as the one inside it, but
// whose decision a plain gradient does not describe.
type HiddenDecision struct {
	Name string
	Wrap func(attacks.Victim) attacks.Victim
}

// function maps one value of a graph to another.
type function = func(s *graphs.Scope, x tf.Output) tf.Output

// HiddenDecisions are models with a vote, added to the logits, of a second copy
// that sees the image through something without a gradient, and models whose
// whole input passes through it. known are images that the nearest neighbour is
// looked up in.
func HiddenDecisions(known attacks.Images) []HiddenDecision {
	const small, large = 20, 1000
	var out []HiddenDecision
	add := func(name string, wrap func(attacks.Victim) attacks.Victim) {
		out = append(out, HiddenDecision{name, wrap})
	}
	for _, f := range imageFunctions {
		add("vote on "+f.name, func(v attacks.Victim) attacks.Victim { return voted(v, small, f.f, hotArgMax) })
		if !f.differentiable {
			add("the whole image as "+f.name, func(v attacks.Victim) attacks.Victim { return behind(v, f.f) })
		}
	}
	for _, c := range choices {
		add("vote by "+c.name, func(v attacks.Victim) attacks.Victim { return voted(v, small, sameImage, c.f) })
	}
	add("vote on floors, against the gradient", func(v attacks.Victim) attacks.Victim { return opposed(v, small, imageFunctions[0].f) })
	add("large vote on floors, against the gradient", func(v attacks.Victim) attacks.Victim { return opposed(v, large, imageFunctions[0].f) })
	add("large vote on the median", func(v attacks.Victim) attacks.Victim { return voted(v, large, medianImage, hotArgMax) })
	add("large vote of the nearest neighbour", func(v attacks.Victim) attacks.Victim { return nearestVote(v, large, known) })
	return out
}

// voted adds a bonus to the logit of the class that the model sees in the changed
// image.
func voted(v attacks.Victim, bonus float32, change, choose function) attacks.Victim {
	inner := v.Logits
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		own, copied := twice(s, inner, images, change(s, images))
		return op.AddV2(s.Op("voted"), own, graphs.Weighted(s, bonus, choose(s, copied)))
	}
	return v
}

// twice are the logits of two lots of images, by one copy of a model: within one
// pass it can be built once.
func twice(s *graphs.Scope, logits function, a, b tf.Output) (za, zb tf.Output) {
	both := op.ConcatV2(s.Op("both"), []tf.Output{a, b}, op.Const(s.Op("rows"), int32(0)))
	z := op.Split(s.Op("each"), op.Const(s.Op("split"), int32(0)), logits(s, both), 2)
	if len(z) < 2 {
		return za, zb
	}
	return z[0], z[1]
}

// opposed is voted, except that the gradient of the other logits leads away from
// errors.
func opposed(v attacks.Victim, bonus float32, change function) attacks.Victim {
	inner := v.Logits
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		own, copied := twice(s, inner, images, change(s, images))
		return op.AddV2(s.Op("voted"), graphs.Weighted(s.In("against"), -.3, own), graphs.Weighted(s, bonus, hotArgMax(s, copied)))
	}
	return v
}

// behind is a model that sees the changed image.
func behind(v attacks.Victim, change function) attacks.Victim {
	inner := v.Logits
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output { return inner(s, change(s, images)) }
	return v
}

func sameImage(_ *graphs.Scope, x tf.Output) tf.Output { return x }

// nearestVote adds a bonus to the logit of the class of the nearest known image.
func nearestVote(v attacks.Victim, bonus float32, known attacks.Images) attacks.Victim {
	size, inner := v.Size(), v.Logits
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		rows, labels := make([][]float32, known.Len()), make([]int32, known.Len())
		for i := range rows {
			rows[i], labels[i] = Row(known.Pixels, i, size), known.Labels[i]
		}
		x := op.ExpandDims(s.Op("each"), s.Reshape(images, int64(size)), op.Const(s.Op("axis"), int32(1)))
		d := op.Square(s.Op("square"), op.Sub(s.Op("apart"), x, op.Const(s.Op("known"), rows)))
		nearest := op.ArgMin(s.Op("nearest"), op.Sum(s.Op("distance"), d, op.Const(s.Op("values"), int32(2))), op.Const(s.Op("images"), int32(1)))
		classes := op.OneHot(s.Op("classes"), op.Const(s.Op("labels"), labels), op.Const(s.Op("depth"), int32(v.Classes)), scalar(s, 1), scalar(s, 0))
		vote := op.GatherV2(s.Op("vote"), classes, nearest, op.Const(s.Op("first"), int32(0)))
		return op.AddV2(s.Op("voted"), inner(s, images), graphs.Weighted(s, bonus, vote))
	}
	return v
}
