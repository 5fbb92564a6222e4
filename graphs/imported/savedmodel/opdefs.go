package savedmodel

/*
#cgo LDFLAGS: -ltensorflow
#include "tensorflow/c/c_api.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	opdefpb "github.com/wamuir/graft/tensorflow/core/framework/op_def_go_proto"
	"google.golang.org/protobuf/proto"
)

// opDefs are the ops that the TensorFlow library has, by type.
var opDefs = sync.OnceValues(func() (map[string]*opdefpb.OpDef, error) {
	buffer := C.TF_GetAllOpList()
	if buffer == nil {
		return nil, errors.New("the TensorFlow library does not list its ops")
	}
	defer C.TF_DeleteBuffer(buffer)
	var list opdefpb.OpList
	if err := proto.Unmarshal(unsafe.Slice((*byte)(buffer.data), int(buffer.length)), &list); err != nil {
		return nil, fmt.Errorf("the TensorFlow library does not list its ops: %w", err)
	}
	defs := make(map[string]*opdefpb.OpDef, len(list.Op))
	for _, d := range list.Op {
		defs[d.GetName()] = d
	}
	return defs, nil
})
