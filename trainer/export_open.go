package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	versionspb "github.com/wamuir/graft/tensorflow/core/framework/versions_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// OpenedExport is an export as its files say: unwarp.json, and the graph of
// saved_model.pb. [DeclareExport] puts that graph into others, so what is
// evaluated is what the file computes, not what it was made from.
type OpenedExport struct {
	Info ExportInfo
	// GraphHash is the SHA-256 of saved_model.pb, in hexadecimal.
	GraphHash string

	dir      string
	nodes    map[string]*nodepb.NodeDef
	versions *versionspb.VersionDef
	image    graphs.Tensor
	bytes    bool                     // image is uint8
	outputs  map[string]graphs.Tensor // by the names of [ExportInfo]'s signatures
	keys     map[string]string        // of variables: node to key in variables/
}

// OpenExport reads the export in dir. Only ops that compute are let through: a
// graph that reads files or runs code is refused before any of it runs.
func OpenExport(dir string) (*OpenedExport, error) {
	info, err := ReadExport(dir)
	if err != nil {
		return nil, err
	}
	x := &OpenedExport{Info: info, dir: dir}
	raw, err := os.ReadFile(filepath.Join(dir, savedModelFile))
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err == nil {
		sum := sha256.Sum256(raw)
		x.GraphHash = hex.EncodeToString(sum[:])
		err = x.readGraph(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("export %s: %s: %w: export it again", dir, savedModelFile, err)
	}
	return x, nil
}

// readGraph takes in the content of saved_model.pb.
func (x *OpenedExport) readGraph(raw []byte) error {
	m := &pb.SavedModel{}
	if err := proto.Unmarshal(raw, m); err != nil || len(m.GetMetaGraphs()) == 0 {
		return errors.New("want a SavedModel, got a file that is damaged or none")
	}
	i := slices.IndexFunc(m.GetMetaGraphs(), func(g *pb.MetaGraphDef) bool {
		return slices.Contains(g.GetMetaInfoDef().GetTags(), serveTag)
	})
	if i < 0 {
		return fmt.Errorf("want a graph with the tag %q, got none", serveTag)
	}
	meta := m.GetMetaGraphs()[i]
	if err := refuseInit(meta); err != nil {
		return err
	}
	x.versions = meta.GetGraphDef().GetVersions()
	x.nodes = map[string]*nodepb.NodeDef{}
	for _, n := range meta.GetGraphDef().GetNode() {
		if x.nodes[n.GetName()] != nil {
			return fmt.Errorf("two nodes are called %.60q", n.GetName())
		}
		x.nodes[n.GetName()] = n
	}
	if err := x.readSignatures(meta.GetSignatureDef()); err != nil {
		return err
	}
	if err := x.checkOps(); err != nil {
		return err
	}
	return x.readKeys(meta.GetSaverDef())
}

// refuseInit refuses a graph that does something when it is loaded: variables
// would not be those of the file.
func refuseInit(meta *pb.MetaGraphDef) error {
	for _, name := range []string{"saved_model_main_op", "legacy_init_op"} {
		if meta.GetCollectionDef()[name] != nil {
			return fmt.Errorf("want a graph that runs nothing when it is loaded, got one with %s", name)
		}
	}
	if meta.GetSignatureDef()["__saved_model_init_op"] != nil {
		return errors.New("want a graph that runs nothing when it is loaded, got one with an init op")
	}
	return nil
}

// exportOutputs are the outputs that an export may have, by signature.
var exportOutputs = map[string][]string{
	signServe:       {"logits"},
	signEmbed:       {"embedding", "appearance", "geometry"},
	signReconstruct: {"reconstruction", "canonical", "field"},
}

// readSignatures finds the image and the outputs.
func (x *OpenedExport) readSignatures(all map[string]*pb.SignatureDef) error {
	serve := all[signServe]
	in := serve.GetInputs()["image"]
	if in == nil || len(serve.GetInputs()) != 1 || serve.GetOutputs()["logits"] == nil {
		return fmt.Errorf("want a signature %s from image to logits, as unwarp exports it, got none: it is damaged, or another program changed it", signServe)
	}
	var err error
	if x.image, err = x.tensor(in.GetName()); err != nil {
		return err
	}
	placeholder := x.nodes[x.image.Node]
	dtype := placeholder.GetAttr()["dtype"].GetType()
	x.bytes = dtype == typespb.DataType_DT_UINT8
	if placeholder.GetOp() != "Placeholder" || !x.bytes && dtype != typespb.DataType_DT_FLOAT {
		return fmt.Errorf("want an image of floats or bytes that is fed, got a %.40s of %s", placeholder.GetOp(), dtype)
	}
	x.outputs = map[string]graphs.Tensor{}
	for sign, names := range exportOutputs {
		s := all[sign]
		if s != nil && s.GetInputs()["image"].GetName() != in.GetName() {
			return fmt.Errorf("signature %s: want the image %s of %s, got another", sign, in.GetName(), signServe)
		}
		for _, name := range names {
			if out := s.GetOutputs()[name]; out != nil {
				if x.outputs[name], err = x.tensor(out.GetName()); err != nil {
					return err
				}
				x.outputs[name] = x.source(x.outputs[name])
			}
		}
	}
	return nil
}

// tensor reads a name such as logits:0 or ckpt/restore:3 and checks that its
// node is there.
func (x *OpenedExport) tensor(name string) (graphs.Tensor, error) {
	t, err := graphs.ParseTensor(name)
	if err == nil && x.nodes[t.Node] == nil {
		err = fmt.Errorf("want a node %.60q, which others read, got none", t.Node)
	}
	return t, err
}

// HasTrainingLoss tells whether the loss of the training can be computed from
// the outputs.
func (x *OpenedExport) HasTrainingLoss() bool {
	_, decodes := x.outputs["reconstruction"]
	return decodes || x.Info.Model.Kind == "base"
}

// HasVariables tells whether weights lie in variables/, and not in the graph.
func (x *OpenedExport) HasVariables() bool { return len(x.keys) > 0 }
