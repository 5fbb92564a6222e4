package onnx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"unwarp/graphs/onnx/format"
)

// outside are files beside the ONNX file that hold values of tensors. They are read
// below its folder alone, and never through a link that leads out of it.
type outside struct{ folder string }

// check tells what is wrong with the place of a tensor's values.
func (o *outside) check(t *format.Tensor) error {
	place, need := t.External, sizeInFile(t)
	if !filepath.IsLocal(place.Location) {
		return fmt.Errorf("tensor %.80q: want values in a file beside the network or below, got %.80q", t.Name, place.Location)
	}
	root, err := os.OpenRoot(o.folder)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Stat(place.Location)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("tensor %.80q: its values are in %.80q, which is missing: keep it beside the network", t.Name, place.Location)
	case err != nil:
		return fmt.Errorf("tensor %.80q: its values are in %.80q: %w", t.Name, place.Location, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("tensor %.80q: want values in a plain file, %.80q is none", t.Name, place.Location)
	case place.Offset > info.Size() || need > info.Size()-place.Offset:
		return fmt.Errorf("tensor %.80q: want %d bytes from %d on in %.80q, which has %d: it is cut off or of another network", t.Name, need, place.Offset, place.Location, info.Size())
	}
	return nil
}

func sizeInFile(t *format.Tensor) int64 {
	n, _ := format.Count(t.Dims)
	return (n*t.Type.Bits() + 7) / 8
}

// read returns the values of a tensor.
func (o *outside) read(t *format.Tensor) ([]byte, error) {
	if err := o.check(t); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(o.folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(t.External.Location)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw := make([]byte, sizeInFile(t))
	if _, err := f.ReadAt(raw, t.External.Offset); err != nil && !(errors.Is(err, io.EOF) && len(raw) == 0) {
		return nil, fmt.Errorf("tensor %.80q: %w", t.Name, err)
	}
	return raw, nil
}

// tensor is a tensor of the file; its values are read when they are asked for.
func (x *Network) tensor(t *format.Tensor) *tensor {
	if t == nil {
		fail("want a tensor, got none")
	}
	if t.Texts > 0 || decoders[t.Type] == nil {
		fail("tensor %.80q: want numbers or truth values, got values of type %s", t.Name, t.Type)
	}
	out := &tensor{kind: t.Type, shape: slices.Clone(t.Dims)}
	if out.shape == nil {
		out.shape = []int64{}
	}
	if t.External == nil {
		out.raw = func() ([]byte, error) { return t.Raw, nil }
		return out
	}
	out.raw = func() ([]byte, error) { return x.outside.read(t) }
	return out
}
