package trainer

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	summary "github.com/wamuir/graft/tensorflow/core/framework/summary_go_proto"
	tensor "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	shape "github.com/wamuir/graft/tensorflow/core/framework/tensor_shape_go_proto"
	types "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	event "github.com/wamuir/graft/tensorflow/core/util/event_go_proto"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// TensorBoard's plug-in for hyper-parameters reads messages that graft lacks, from
// the metadata of values with these tags (tensorboard/plugins/hparams/plugin_data.proto
// and metadata.py).
const (
	hyperPlugin   = "hparams"
	hyperStartTag = "_hparams_/session_start_info"
	hyperEndTag   = "_hparams_/session_end_info"
)

// Fields of HParamsPluginData, SessionStartInfo and SessionEndInfo.
const (
	fieldStart, fieldEnd         = 3, 4
	fieldValues, fieldStarted    = 1, 5
	fieldStatus, fieldEnded      = 1, 2
	statusSuccess, statusFailure = 1, 2
)

// startOfSession tells the hyper-parameters of a run.
func startOfSession(values map[string]any) (*event.Event, error) {
	var info []byte
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v, err := structpb.NewValue(values[name])
		if err != nil {
			return nil, fmt.Errorf("hyper-parameter %s: %w", name, err)
		}
		raw, err := proto.Marshal(v)
		if err != nil {
			return nil, err
		}
		entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), name)
		entry = protowire.AppendBytes(protowire.AppendTag(entry, 2, protowire.BytesType), raw)
		info = protowire.AppendBytes(protowire.AppendTag(info, fieldValues, protowire.BytesType), entry)
	}
	info = appendTime(info, fieldStarted)
	return hyperEvent(hyperStartTag, fieldStart, info), nil
}

// endOfSession tells that a session has ended, and how. One that was interrupted goes
// on when it is resumed, so nothing has failed.
func endOfSession(err error) *event.Event {
	status := uint64(statusSuccess)
	if err != nil && !errors.Is(err, ErrInterrupted) {
		status = statusFailure
	}
	info := protowire.AppendVarint(protowire.AppendTag(nil, fieldStatus, protowire.VarintType), status)
	return hyperEvent(hyperEndTag, fieldEnd, appendTime(info, fieldEnded))
}

// appendTime appends a field with the seconds since 1970.
func appendTime(to []byte, field protowire.Number) []byte {
	bits := protowire.AppendTag(to, field, protowire.Fixed64Type)
	return protowire.AppendFixed64(bits, math.Float64bits(float64(time.Now().UnixMicro())/1e6))
}

// hyperEvent is an event whose metadata hold info in a field of the plug-in's data.
func hyperEvent(tag string, field protowire.Number, info []byte) *event.Event {
	content := protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), info)
	nothing := &tensor.TensorProto{
		Dtype: types.DataType_DT_FLOAT, FloatVal: []float32{0},
		TensorShape: &shape.TensorShapeProto{Dim: []*shape.TensorShapeProto_Dim{{Size: 1}}},
	}
	return newSummary(0, &summary.Summary_Value{
		Tag:   tag,
		Value: &summary.Summary_Value_Tensor{Tensor: nothing},
		Metadata: &summary.SummaryMetadata{
			PluginData: &summary.SummaryMetadata_PluginData{PluginName: hyperPlugin, Content: content},
			DataClass:  summary.DataClass_DATA_CLASS_TENSOR,
		},
	})
}
