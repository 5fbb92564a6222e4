package savedmodel

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// usualSignature is the one that is called where none is named.
const usualSignature = "serving_default"

// initSignature is no signature, but what is run at loading.
const initSignature = "__saved_model_init_op"

// signature is a way into the file: its input, and the outputs that could be scores
// of classes.
type signature struct {
	name      string
	inputName string
	input     *pb.TensorInfo
	outputs   []output
}

type output struct {
	name   string
	info   *pb.TensorInfo
	tensor graphs.Tensor
}

// chooseSignature takes the one that is named, the usual one or the only one.
func chooseSignature(all map[string]*pb.SignatureDef, o imported.Options) (signature, error) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(n string) bool { return n == initSignature })
	name := o.Signature
	switch {
	case len(names) == 0:
		return signature{}, fmt.Errorf("want a signature, which says what goes in and what comes out, got none: export the model with one (in Keras: model.export)")
	case name != "" && !slices.Contains(names, name):
		return signature{}, fmt.Errorf("want one of its signatures (%.120s), got %.40q", strings.Join(names, ", "), name)
	case name == "" && slices.Contains(names, usualSignature):
		name = usualSignature
	case name == "" && len(names) > 1:
		return signature{}, fmt.Errorf("want one of its signatures, named with --signature (signature= in model.encoder): %.160s", strings.Join(names, ", "))
	case name == "":
		name = names[0]
	}
	s := signature{name: name}
	if err := s.chooseInput(all[name].GetInputs()); err != nil {
		return s, err
	}
	return s, s.chooseOutputs(all[name].GetOutputs(), o.Output)
}

// chooseInput takes the only input, or the only one that could be images.
func (s *signature) chooseInput(all map[string]*pb.TensorInfo) error {
	names := slices.Sorted(maps.Keys(all))
	images := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return len(names) > 1 && len(shapeOf(all[n].GetTensorShape())) != 4 })
	if len(images) != 1 {
		u := &problems{}
		u.add("several inputs", "", strings.Join(names, ", "))
		if len(names) == 0 {
			return fmt.Errorf("signature %.40q: want one input, got none", s.name)
		}
		return u.err()
	}
	s.inputName, s.input = images[0], all[images[0]]
	t := s.input.GetDtype()
	if t == typespb.DataType_DT_STRING {
		u := &problems{}
		u.add("texts or encoded images as input", "", s.inputName)
		return u.err()
	}
	if wide(t) != typespb.DataType_DT_FLOAT && !isInteger(t) {
		return fmt.Errorf("input %.40q: want images of numbers, got %s", s.inputName, typeName(t))
	}
	return nil
}

// chooseOutputs takes the output that is named, or all that could be scores: those
// of class numbers only where there is nothing else.
func (s *signature) chooseOutputs(all map[string]*pb.TensorInfo, name string) error {
	names := slices.Sorted(maps.Keys(all))
	if name != "" {
		if all[name] == nil {
			return fmt.Errorf("signature %.40q: want one of its outputs (%.120s), got %.40q", s.name, strings.Join(names, ", "), name)
		}
		names = []string{name}
	}
	var numbers []output
	for _, n := range names {
		t, err := graphs.ParseTensor(all[n].GetName())
		if err != nil {
			return fmt.Errorf("output %.40q: %w", n, err)
		}
		switch out := (output{n, all[n], t}); {
		case wide(all[n].GetDtype()) == typespb.DataType_DT_FLOAT:
			s.outputs = append(s.outputs, out)
		case isInteger(all[n].GetDtype()):
			numbers = append(numbers, out)
		}
	}
	if len(s.outputs) == 0 {
		s.outputs = numbers
	}
	if len(s.outputs) > 0 {
		return nil
	}
	u := &problems{}
	u.add("no output of scores", "", strings.Join(names, ", "))
	return u.err()
}

// typeName is the name of a type as Python writes it.
func typeName(t typespb.DataType) string {
	name := strings.ToLower(strings.TrimPrefix(strings.TrimSuffix(t.String(), "_REF"), "DT_"))
	switch name {
	case "float":
		return "float32"
	case "double":
		return "float64"
	case "half":
		return "float16"
	}
	return name
}
