package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"unwarp/graphs"
)

// The layers of a file are listed with the names that model.encoder takes, and a wrong
// name there says what lists them.
func TestModelOfFile(t *testing.T) {
	model, data := foreign(t, "plain", 1)
	m := readModel(t, "model", model)
	want := []graphs.LayerRow{
		{Name: "conv", Op: "Conv", Shape: []int64{6, 6, 4}, Parameters: 3 * 3 * 4},
		{Name: "flatten", Op: "Flatten", Shape: []int64{144}},
		{Name: "dense", Op: "MatMul", Shape: []int64{4}, Parameters: 144*4 + 4},
	}
	if !reflect.DeepEqual(m.Layers, want) || m.Parameters != 36+580 || m.Hidden != "flatten" || m.Image != "6x6x1" || m.Classes != 4 || m.Training != nil {
		t.Errorf("got %+v", m)
	}
	wantText(t, must(t, "model", model), "a network for tests, images of 6x6x1 in 4 classes", "6x6x4", "ends at flatten (hidden)")
	unwarp(t, "model", "--data", data, "--set", "model.encoder=onnx(path="+model+",output=cnv)").fails(t, 2, `want a layer of net.onnx, got "cnv": name one of conv, flatten, dense`)
	unwarp(t, "model", model, "--preset", "photos").fails(t, 2, "--preset and MODEL exclude each other")
	unwarp(t, "model", "--layout", "channels-first").fails(t, 2, "for a SavedModel or an .onnx file")
}

// A real file has the layers of its network, and a wrong name of one points at the list.
func TestModelOfONNX(t *testing.T) {
	file := filepath.Join("..", "..", "graphs", "imported", "onnx", "testdata", "cnn_script.onnx")
	m := readModel(t, "model", file)
	sum := int64(0)
	for _, l := range m.Layers {
		sum += l.Parameters
	}
	if len(m.Layers) < 4 || sum != m.Parameters || sum == 0 || !strings.Contains(m.Format, "ONNX") || m.Hidden == "" {
		t.Errorf("layers with %d parameters, got %+v", sum, m)
	}
	r := unwarp(t, "model", "--set", "model.encoder=onnx(path="+file+",output=nowhere)")
	r.fails(t, 2, "unwarp model FILE lists")
	if n := len(r.last()); n > 300 {
		t.Errorf("%d characters: %s", n, r.last())
	}
}
