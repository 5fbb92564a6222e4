package trainer

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// dot is a picture of so many pixels a side.
func dot(t *testing.T, tag string, side int) Picture {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, side, side+1))); err != nil {
		t.Fatal(err)
	}
	return Picture{tag, b.Bytes()}
}

// boardOf shows values, and pictures whose sides are the steps.
func boardOf(t *testing.T) Board {
	return Board{
		HyperParameters: map[string]any{"rate": .5, "kind": "base", "flip": true},
		Begin:           func() ([]Picture, error) { return []Picture{dot(t, "train/first", 3)}, nil },
		Evaluated: func(at Progress, e Evaluation) ([]Picture, error) {
			return []Picture{dot(t, "validation/confusion", at.Step)}, nil
		},
	}
}

// A run interrupted and resumed has each picture once, at its step, and says its
// hyper-parameters and how each session ended.
func TestBoard(t *testing.T) {
	in := fullInputs(t.TempDir())
	in.Board = boardOf(t)
	ctx, seen := cancelling(t, "step 8")
	p, net := declared(t, 7, fullConfig(t), fullModel(), littleShape)
	if _, err := p.Run(ctx, net, in, seen); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	in.Resume = true
	p, net = declared(t, 7, fullConfig(t), fullModel(), littleShape)
	if _, err := p.Run(t.Context(), net, in); err != nil {
		t.Fatal(err)
	}
	if err := WriteBoard(in.Dir, 16, []Picture{dot(t, "test/mistakes", 9)}); err != nil {
		t.Fatal(err)
	}
	pictures, data := readBoard(t, in.Dir)
	if want := "[test/mistakes 16 9x10 train/first 0 3x4 validation/confusion 12 12x13 validation/confusion 16 16x17 validation/confusion 6 6x7]"; fmt.Sprint(pictures) != want {
		t.Errorf("want %s, got %v", want, pictures)
	}
	want := []string{"start flip=bool_value:true kind=string_value:\"base\" rate=number_value:0.5", "end 1", "start flip=bool_value:true kind=string_value:\"base\" rate=number_value:0.5", "end 1"}
	if !slices.Equal(data, want) {
		t.Errorf("want %v, got %v", want, data)
	}
}

// A run that fails says so, and a picture that cannot be drawn or is none ends it.
func TestBoardOfFailure(t *testing.T) {
	for name, board := range map[string]Board{
		"not drawn":  {HyperParameters: map[string]any{"a": 1.}, Begin: func() ([]Picture, error) { return nil, errors.New("no ink") }},
		"no picture": {HyperParameters: map[string]any{"a": 1.}, Begin: func() ([]Picture, error) { return []Picture{{"a", []byte("GIF")}}, nil }},
	} {
		in := fullInputs(t.TempDir())
		in.Board = board
		p, net := declared(t, 7, fullConfig(t), fullModel(), littleShape)
		if _, err := p.Run(t.Context(), net, in); err == nil || !strings.Contains(err.Error(), map[string]string{"not drawn": "no ink", "no picture": "picture a"}[name]) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, data := readBoard(t, in.Dir); !slices.Contains(data, "end 2") {
			t.Errorf("%s: want a failure, got %v", name, data)
		}
	}
}

// readBoard are the pictures of a run folder's events, sorted, and what they say to
// the plug-in for hyper-parameters, in order.
func readBoard(t *testing.T, dir string) (pictures, data []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, EventsDir, "*tfevents*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for _, f := range files {
		for _, e := range readEvents(t, f) {
			for _, v := range e.GetSummary().GetValue() {
				if m := v.GetImage(); m != nil {
					pictures = append(pictures, fmt.Sprintf("%s %d %dx%d", v.GetTag(), e.GetStep(), m.GetWidth(), m.GetHeight()))
				}
				if d := v.GetMetadata().GetPluginData(); d.GetPluginName() == "hparams" {
					data = append(data, describeHyper(t, v.GetTag(), d.GetContent()))
				}
			}
		}
	}
	slices.Sort(pictures)
	return pictures, data
}

// describeHyper reads the plug-in's message as its .proto file declares it.
func describeHyper(t *testing.T, tag string, content []byte) string {
	t.Helper()
	m := dynamicpb.NewMessage(hyperMessage(t))
	if err := proto.Unmarshal(content, m); err != nil {
		t.Fatal(err)
	}
	fields := m.Descriptor().Fields()
	if tag == "_hparams_/session_end_info" {
		end := m.Get(fields.ByName("session_end_info")).Message()
		if end.Get(end.Descriptor().Fields().ByName("end_time_secs")).Float() < 1e9 {
			t.Error("want the time of the end")
		}
		return fmt.Sprint("end ", end.Get(end.Descriptor().Fields().ByName("status")).Enum())
	}
	start := m.Get(fields.ByName("session_start_info")).Message()
	if start.Get(start.Descriptor().Fields().ByName("start_time_secs")).Float() < 1e9 {
		t.Error("want the time of the start")
	}
	var values []string
	start.Get(start.Descriptor().Fields().ByName("hparams")).Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		values = append(values, k.String()+"="+strings.ReplaceAll(fmt.Sprint(v.Message().Interface()), " ", ""))
		return true
	})
	slices.Sort(values)
	return tag[len("_hparams_/session_"):len("_hparams_/session_start")] + " " + strings.Join(values, " ")
}

// hyperMessage is HParamsPluginData of tensorboard/plugins/hparams/plugin_data.proto,
// as far as it is written.
func hyperMessage(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	field := func(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type, of string) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: &kind, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
		if of != "" {
			f.TypeName = &of
		}
		return f
	}
	const message, double, text, enum = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_ENUM
	values := field("hparams", 1, message, ".hparams.Start.HparamsEntry")
	values.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("plugin_data.proto"), Package: proto.String("hparams"), Syntax: proto.String("proto3"), Dependency: []string{"google/protobuf/struct.proto"},
		EnumType: []*descriptorpb.EnumDescriptorProto{{Name: proto.String("Status"), Value: []*descriptorpb.EnumValueDescriptorProto{{Name: proto.String("STATUS_UNKNOWN"), Number: proto.Int32(0)}}}},
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Data"), Field: []*descriptorpb.FieldDescriptorProto{field("session_start_info", 3, message, ".hparams.Start"), field("session_end_info", 4, message, ".hparams.End")}},
			{Name: proto.String("Start"), Field: []*descriptorpb.FieldDescriptorProto{values, field("start_time_secs", 5, double, "")},
				NestedType: []*descriptorpb.DescriptorProto{{Name: proto.String("HparamsEntry"), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
					Field: []*descriptorpb.FieldDescriptorProto{field("key", 1, text, ""), field("value", 2, message, ".google.protobuf.Value")}}}},
			{Name: proto.String("End"), Field: []*descriptorpb.FieldDescriptorProto{field("status", 1, enum, ".hparams.Status"), field("end_time_secs", 2, double, "")}},
		},
	}, resolver{})
	if err != nil {
		t.Fatal(err)
	}
	return file.Messages().ByName("Data")
}

// resolver knows google.protobuf.Value.
type resolver struct{}

func (resolver) FindFileByPath(string) (protoreflect.FileDescriptor, error) {
	return structpb.File_google_protobuf_struct_proto, nil
}

func (resolver) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	return structpb.File_google_protobuf_struct_proto.Messages().ByName(name.Name()), nil
}
