package savedmodel

import (
	"slices"
	"strings"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// place is a layer with where its value is.
type layer struct {
	imported.Layer
	at graphs.Tensor // in the flat graph, then in the rewritten one
}

// products are the ops that give a layer its name.
var products = map[string]bool{"Conv2D": true, "DepthwiseConv2dNative": true, "Conv2DBackpropInput": true, "Conv3D": true, "MatMul": true, "BatchMatMul": true, "BatchMatMulV2": true, "BatchMatMulV3": true, "Einsum": true}

// findLayers lists the places of the flat graph: the last op of each run of ops with
// the same scope, which is a layer of Keras; an op without a scope is one itself.
func (g *flatGraph) findLayers(hidden graphs.Tensor) (all []layer) {
	var names imported.Names
	var run []*nodepb.NodeDef
	claimed := map[string]bool{}
	end := func() {
		if len(run) == 0 {
			return
		}
		last := run[len(run)-1]
		l := layer{at: graphs.Tensor{Node: last.GetName()}}
		l.Name, l.Op = layerName(run), last.GetOp()
		if i := slices.IndexFunc(run, func(n *nodepb.NodeDef) bool { return products[n.GetOp()] }); i >= 0 {
			l.Op = run[i].GetOp()
		}
		l.Name = names.Unique(l.Name)
		for _, n := range run {
			l.Weights = append(l.Weights, g.claimWeights(n, claimed)...)
		}
		all, run = append(all, l), nil
	}
	for _, n := range g.nodes {
		if n.GetName() == imageNode || !g.depends[n.GetName()] || !g.oneFloat(n) {
			continue
		}
		if len(run) > 0 && scopeOf(run[0]) != scopeOf(n) {
			end()
		}
		run = append(run, n)
		if scopeOf(n) == "" || n.GetName() == hidden.Node {
			end()
		}
	}
	end()
	return all
}

// oneFloat tells whether a node has one output, of floats with images.
func (g *flatGraph) oneFloat(n *nodepb.NodeDef) bool {
	if t := n.GetAttr()["T"]; t != nil && t.GetType() != typespb.DataType_DT_FLOAT || n.GetOp() == "Cast" && n.Attr["DstT"].GetType() != typespb.DataType_DT_FLOAT {
		return false
	}
	_, two := g.shapes[graphs.Tensor{Node: n.GetName(), Index: 1}]
	return (!two || strings.HasPrefix(n.GetOp(), "FusedBatchNorm")) && len(g.shapes[graphs.Tensor{Node: n.GetName()}]) > 1
}

func scopeOf(n *nodepb.NodeDef) string {
	i := strings.LastIndexByte(n.GetName(), '/')
	return n.GetName()[:max(i, 0)]
}

func layerName(run []*nodepb.NodeDef) string {
	if s := scopeOf(run[0]); s != "" && len(run) > 1 {
		return s
	}
	return run[0].GetName()
}

// claimWeights are the weights that a node reads and none before it did, also by
// way of what does not depend on the image.
func (g *flatGraph) claimWeights(n *nodepb.NodeDef, claimed map[string]bool) (names []string) {
	todo := slices.Clone(n.GetInput())
	for len(todo) > 0 {
		name := tensorOf(todo[0]).Node
		todo = todo[1:]
		if claimed[name] || g.depends[name] {
			continue
		}
		claimed[name] = true
		from := g.byName[name]
		if from.GetOp() == "Placeholder" {
			names = append(names, name)
		}
		todo = append(todo, from.GetInput()...)
	}
	return names
}

// hidden is what the last product before the scores reads, the zero tensor where
// there is none but the image.
func (g *flatGraph) hidden(scores graphs.Tensor) graphs.Tensor {
	from := func(n *nodepb.NodeDef) (graphs.Tensor, bool) {
		for _, text := range n.GetInput() {
			if t := tensorOf(text); g.depends[t.Node] {
				return t, true
			}
		}
		return graphs.Tensor{}, false
	}
	t, passed := scores, false
	for {
		n := g.byName[t.Node]
		next, ok := from(n)
		switch {
		case n.GetName() == imageNode || !ok:
			return graphs.Tensor{}
		case passed && !reshaping[n.GetOp()] && t.Index == 0 && g.oneFloat(n):
			return t
		case products[n.GetOp()]:
			passed = true
		}
		t = next
	}
}
