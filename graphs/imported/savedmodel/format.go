package savedmodel

import (
	"fmt"
	"strings"

	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
)

// format names what wrote the file, as far as it shows.
func (f *file) format(s signature) string {
	text := "SavedModel"
	switch objects := f.meta.GetObjectGraphDef(); {
	case objects == nil:
		text += " of TensorFlow 1"
	case ofKeras2(objects.GetNodes()):
		text += " of Keras 2"
	case ofKeras3(objects.GetNodes()) || strings.HasPrefix(s.inputName, "keras_tensor"):
		text += " of Keras 3"
	}
	if version := f.meta.GetMetaInfoDef().GetTensorflowVersion(); version != "" {
		text += fmt.Sprintf(", by TensorFlow %.20s", version)
	}
	return text
}

func ofKeras2(objects []*pb.SavedObject) bool {
	for _, o := range objects {
		if strings.HasPrefix(o.GetUserObject().GetIdentifier(), "_tf_keras") {
			return true
		}
	}
	return false
}

// ofKeras3 tells by the name under which Keras 3 keeps the layers of a model.
func ofKeras3(objects []*pb.SavedObject) bool {
	for _, o := range objects {
		for _, c := range o.GetChildren() {
			if c.GetLocalName() == "_operations" {
				return true
			}
		}
	}
	return false
}
