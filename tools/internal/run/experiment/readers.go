package experiment

import (
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/onnx"
	"unwarp/graphs/imported/savedmodel"
)

// The formats of networks from elsewhere.
func init() {
	imported.Register(imported.ONNX, func(path string, o imported.Options) (imported.Network, error) {
		return asNetwork(onnx.Open(path, o))
	})
	imported.Register(imported.SavedModel, func(path string, o imported.Options) (imported.Network, error) {
		return asNetwork(savedmodel.Open(path, o))
	})
}

// asNetwork keeps a nil pointer from becoming a network.
func asNetwork[N imported.Network](n N, err error) (imported.Network, error) {
	if err != nil {
		return nil, err
	}
	return n, nil
}
