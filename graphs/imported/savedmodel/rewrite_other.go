package savedmodel

import (
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
)

// logSoftmax is one of rank 2: of others the gradient is wrong in C++.
func (r *rewriter) logSoftmax(n *nodepb.NodeDef) bool {
	s := r.shape(input(n, 0))
	if len(s) < 3 || s[len(s)-1] < 1 {
		return false
	}
	name, x := n.GetName(), r.plain(input(n, 0))
	rows := r.add(name+"/rows", "Reshape", floatType("Tshape", int32Type), x, r.list(name+"/rows/shape", -1, s[len(s)-1]))
	y := r.add(name+"/of_rows", "LogSoftmax", floatType(), rows)
	shape := r.add(name+"/shape", "Shape", floatType("out_type", int32Type), x)
	r.set(n, form{plain: r.add(name, "Reshape", floatType("Tshape", int32Type), y, shape)})
	return true
}

// gather is GatherV2 along the first axis: Gather has no gradient in C++.
func (r *rewriter) gather(n *nodepb.NodeDef) bool {
	attrs := with(nil, "Tparams", n.Attr["Tparams"], "Tindices", n.Attr["Tindices"], "Taxis", int32Type)
	r.set(n, form{plain: r.add(n.GetName(), "GatherV2", attrs, r.plain(input(n, 0)), r.plain(input(n, 1)), r.ints(n.GetName()+"/axis", []int64{0}))})
	return true
}

// gatherV2 counts the axis from the front: from behind the gradient is wrong in C++.
func (r *rewriter) gatherV2(n *nodepb.NodeDef) bool {
	axis, ok := r.flat.constantInts(input(n, 2))
	rank := int64(len(r.shape(input(n, 0))))
	if !ok || len(axis) != 1 || axis[0] >= 0 || rank == 0 {
		return false
	}
	front := r.ints(n.GetName()+"/axis", []int64{axis[0] + rank})
	r.set(n, form{plain: r.add(n.GetName(), "GatherV2", with(n.Attr, "Taxis", int32Type), r.plain(input(n, 0)), r.plain(input(n, 1)), front)})
	return true
}

// erfc is 1 - erf, which has a gradient in C++.
func (r *rewriter) erfc(n *nodepb.NodeDef) bool {
	one := r.constant(n.GetName()+"/one", &tensorpb.TensorProto{Dtype: typespb.DataType_DT_FLOAT, TensorShape: shapeProto(nil), FloatVal: []float32{1}})
	erf := r.add(n.GetName()+"/erf", "Erf", floatType(), r.plain(input(n, 0)))
	r.set(n, form{plain: r.add(n.GetName(), "Sub", floatType(), one, erf)})
	return true
}

// freeBatch makes a Reshape to the number of images that the file fixes one to any
// number.
func (r *rewriter) freeBatch(n *nodepb.NodeDef) bool {
	to, ok := r.flat.constantInts(input(n, 1))
	from := r.shape(input(n, 0))
	if r.batch < 1 || !ok || !r.flat.depends[n.GetName()] || len(to) < 2 || len(from) == 0 || to[0] != r.batch || from[0] != r.batch {
		return false
	}
	for i, d := range to[1:] {
		if d == -1 { // its size is known by that of the output
			if to[i+1] = r.shape(graphs.Tensor{Node: n.GetName()})[i+1]; to[i+1] < 0 {
				return false
			}
		}
	}
	to[0] = -1
	attrs := with(n.Attr, "Tshape", int32Type)
	r.set(n, form{plain: r.add(n.GetName(), "Reshape", attrs, r.plain(input(n, 0)), r.list(n.GetName()+"/shape", to...))})
	return true
}
