package trainer

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	graphpb "github.com/wamuir/graft/tensorflow/core/framework/graph_go_proto"
	shapepb "github.com/wamuir/graft/tensorflow/core/framework/tensor_shape_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	varpb "github.com/wamuir/graft/tensorflow/core/framework/variable_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// serveTag selects the graph when a SavedModel is loaded.
const serveTag = "serve"

// predictMethod marks a signature that maps tensors to tensors.
const predictMethod = "tensorflow/serving/predict"

// savedModel is the content of saved_model.pb.
func (x *exported) savedModel() ([]byte, error) {
	raw, err := x.graphDef()
	if err != nil {
		return nil, err
	}
	graph := &graphpb.GraphDef{}
	if err := proto.Unmarshal(raw, graph); err != nil {
		return nil, err
	}
	collections, err := x.collections()
	if err != nil {
		return nil, err
	}
	// Maps in a fixed order: two exports of one checkpoint are equal byte by byte.
	return proto.MarshalOptions{Deterministic: true}.Marshal(&pb.SavedModel{
		SavedModelSchemaVersion: 1,
		MetaGraphs: []*pb.MetaGraphDef{{
			MetaInfoDef:   &pb.MetaGraphDef_MetaInfoDef{Tags: []string{serveTag}, TensorflowVersion: tf.Version()},
			GraphDef:      graph,
			SaverDef:      x.saverDef(),
			CollectionDef: collections,
			SignatureDef:  x.signatureDefs(),
			AssetFileDef:  x.assetFiles(),
		}},
	})
}

// saverDef names the ops with which a loader restores the variables.
func (x *exported) saverDef() *pb.SaverDef {
	return &pb.SaverDef{
		FilenameTensorName: x.saver.prefix.Feed.Op.Name() + ":0",
		SaveTensorName:     x.saved.Name() + ":0",
		RestoreOpName:      x.saver.restore.Name(),
		Version:            pb.SaverDef_V2,
	}
}

// collections lists the variables: Python finds them nowhere else.
func (x *exported) collections() (map[string]*pb.CollectionDef, error) {
	out := map[string]*pb.CollectionDef{}
	for name, kinds := range map[string][]graphs.Kind{
		"variables":           nil,
		"trainable_variables": {graphs.Trainable},
	} {
		var list [][]byte
		for _, v := range x.net.Vars.All(kinds...) {
			raw, err := proto.Marshal(&varpb.VariableDef{
				VariableName: v.Handle.Op.Name() + ":0",
				// The initial value of an exported variable is the saved one.
				InitializerName: x.saver.restore.Name(),
				SnapshotName:    v.Read.Op.Name() + ":0",
				IsResource:      true,
				Trainable:       v.Kind == graphs.Trainable,
			})
			if err != nil {
				return nil, err
			}
			list = append(list, raw)
		}
		out[name] = &pb.CollectionDef{Kind: &pb.CollectionDef_BytesList_{BytesList: &pb.CollectionDef_BytesList{Value: list}}}
	}
	return out, nil
}

func (x *exported) signatureDefs() map[string]*pb.SignatureDef {
	out := map[string]*pb.SignatureDef{}
	for _, e := range slices.Concat(x.ends, x.photoEnds) {
		s := out[e.signature]
		if s == nil {
			s = &pb.SignatureDef{
				MethodName: predictMethod,
				Inputs:     map[string]*pb.TensorInfo{"image": tensorInfo(x.input(e.signature))},
				Outputs:    map[string]*pb.TensorInfo{},
			}
			out[e.signature] = s
		}
		s.Outputs[e.name] = tensorInfo(e.value)
	}
	return out
}

// assetFiles names the file of class names, where there is one: Python finds it by that.
func (x *exported) assetFiles() []*pb.AssetFileDef {
	if x.labels == nil {
		return nil
	}
	return []*pb.AssetFileDef{{TensorInfo: &pb.TensorInfo{Encoding: &pb.TensorInfo_Name{Name: x.labels.Name() + ":0"}}, Filename: labelsAsset}}
}

// input is the placeholder of a signature.
func (x *exported) input(signature string) tf.Output {
	if signature == signPhoto {
		return x.photo
	}
	return x.image
}

func tensorInfo(x tf.Output) *pb.TensorInfo {
	shape := &shapepb.TensorShapeProto{}
	for i := range x.Shape().NumDimensions() {
		shape.Dim = append(shape.Dim, &shapepb.TensorShapeProto_Dim{Size: x.Shape().Size(i)})
	}
	return &pb.TensorInfo{
		Encoding:    &pb.TensorInfo_Name{Name: x.Op.Name() + ":0"},
		Dtype:       typespb.DataType(x.DataType()),
		TensorShape: shape,
	}
}
