package savedmodel

import (
	"math"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
)

// lowest is what pads images before a maximum.
var lowest = &tensorpb.TensorProto{Dtype: typespb.DataType_DT_FLOAT, TensorShape: shapeProto(nil), FloatVal: []float32{-math.MaxFloat32}}

// pool is a pooling channels last, without explicit padding.
func (r *rewriter) pool(n *nodepb.NodeDef) bool {
	if n.GetAttr()["T"].GetType() != typespb.DataType_DT_FLOAT {
		return false
	}
	x, c := r.images(n, 0)
	c.Input = []string{r.padded(c, x, "PadV2").String()}
	r.write(c)
	r.setImages(n, graphs.Tensor{Node: c.Name})
	return true
}

// poolWithPlaces is MaxPool where the places are not read, which it mostly is.
func (r *rewriter) poolWithPlaces(n *nodepb.NodeDef) bool {
	c := r.copy(n)
	x := r.plain(input(n, 0))
	y := r.add(c.Name+"/pool", "MaxPool", floatType("ksize", n.Attr["ksize"], "strides", n.Attr["strides"], "padding", n.Attr["padding"]), x)
	c.Input[0] = x.String()
	r.write(c)
	r.set(n, form{plain: y})
	r.forms[graphs.Tensor{Node: n.GetName(), Index: 1}] = form{plain: graphs.Tensor{Node: c.Name, Index: 1}}
	return true
}

// batchNorm is FusedBatchNormV3, which alone has a gradient, channels last.
func (r *rewriter) batchNorm(n *nodepb.NodeDef) bool {
	x, c := r.images(n, 0)
	c.Op = "FusedBatchNormV3"
	c.Attr["U"] = typeAttr(typespb.DataType_DT_FLOAT)
	c.Input[0] = x.String()
	for i := 1; i < len(c.Input); i++ {
		c.Input[i] = r.plain(input(n, i)).String()
	}
	r.write(c)
	r.setImages(n, graphs.Tensor{Node: c.Name})
	for i := 1; i < 5; i++ {
		r.forms[graphs.Tensor{Node: n.GetName(), Index: i}] = form{plain: graphs.Tensor{Node: c.Name, Index: i}}
	}
	return true
}
