package savedmodel_test

import (
	"slices"
	"strings"
	"testing"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs/graphtest"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/savedmodel"
)

// Where the output is the place of the largest score, the scores are taken: they are those
// that another output of the file has.
func TestClassOfScores(t *testing.T) {
	for _, c := range []struct{ model, classes, scores string }{{"tf1_resource", "classes", "p"}, {"module_pool", "class", "probabilities"}} {
		n, want := open(t, folder(t, c.model), imported.Options{Output: c.classes}), open(t, folder(t, c.model), imported.Options{Output: c.scores})
		if s := n.Signature(); s.End != imported.Linear || !slices.ContainsFunc(s.Remarks, func(r string) bool { return strings.Contains(r, "scores whose largest it tells") }) {
			t.Errorf("%s: ends in %s, remarks %q", c.model, s.End, s.Remarks)
		}
		im := want.Signature().Input
		x := graphtest.Normal(2, 1, 2, int64(im.H), int64(im.W), int64(im.C))
		graphtest.Equal(t, c.model, run(t, n, x.Data, x.Shape, nil)[0], run(t, want, x.Data, x.Shape, nil)[0])
	}
	if n := open(t, folder(t, "refused_class"), imported.Options{}); n.Signature().End != imported.Linear {
		t.Errorf("argmax at the end: ends in %s", n.Signature().End)
	}
}

// Where nothing tells the scores, the number of the class is the end, [B,1].
func TestClassNumber(t *testing.T) {
	ints := typeAttr(typespb.DataType_DT_INT64)
	a, y := node("a", "Max", "x", "axes"), node("y", "Cast", "a")
	axes := &nodepb.NodeDef{Name: "axes", Op: "Const", Attr: map[string]*attrpb.AttrValue{"dtype": typeAttr(typespb.DataType_DT_INT32), "value": whole(1)}}
	y.Attr = map[string]*attrpb.AttrValue{"SrcT": float, "DstT": ints}
	n := open(t, writtenAs(t, []int64{-1, 4}, typespb.DataType_DT_INT64, []*nodepb.NodeDef{image(), axes, a, y}), imported.Options{})
	if s := n.Signature(); s.End != imported.Number {
		t.Errorf("ends in %s", s.End)
	}
	got := run(t, n, []float32{1, 2, 3, 2, 0, 0, 1, 0}, []int64{2, 2, 2, 1}, nil)
	graphtest.Equal(t, "numbers", got[0], []float32{3, 1})
	p, y := node("p", "Softmax", "x"), node("y", "Cast", "p")
	y.Attr = map[string]*attrpb.AttrValue{"SrcT": float, "DstT": ints}
	n = open(t, writtenAs(t, []int64{-1, 4}, typespb.DataType_DT_INT64, []*nodepb.NodeDef{image(), p, y}), imported.Options{})
	if s := n.Signature(); s.End != imported.Number {
		t.Errorf("rounded probabilities: ends in %s", s.End)
	}
	argMax := node("y", "ArgMax", "x") // without its axis
	if _, err := savedmodel.Open(writtenAs(t, []int64{-1, 4}, typespb.DataType_DT_INT64, []*nodepb.NodeDef{image(), argMax}), imported.Options{}); err == nil {
		t.Error("an ArgMax without an axis is read")
	}
	if _, err := savedmodel.Open(folder(t, "refused_string"), imported.Options{}); err == nil {
		t.Error("texts as input are read")
	}
}
