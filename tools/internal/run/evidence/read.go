package evidence

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"

	"unwarp/attacks/geometry"
	"unwarp/pipelines/files"
	"unwarp/pipelines/npz"
	"unwarp/tools/internal/report"
)

// What a bundle may hold: what lies beyond it comes from a file that was damaged or
// made up. Images are of all examples and originals together, in bytes.
const (
	maxImages   = 1 << 29
	maxRecord   = 1 << 28
	maxManifest = 1 << 22
	maxNames    = 1 << 20
	maxBundle   = maxImages + maxRecord + maxManifest
)

// most is the largest size of each file of a bundle.
var most = map[string]int64{manifestFile: maxManifest, recordFile: maxRecord, examplesFile: maxImages, originalsFile: maxImages}

// Open reads the bundle at path.
func Open(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: want a bundle as unwarp attack --bundle writes it, but there is no such file", files.ShortPath(path))
	} else if err != nil {
		return nil, files.NotRead(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, files.NotRead(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want a bundle as unwarp attack --bundle writes it, got a folder or device", files.ShortPath(path))
	}
	b, err := Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: want a bundle as unwarp attack --bundle writes it: %w", files.ShortPath(path), err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil { // what was read so far was read by place
		return nil, files.NotRead(path, err)
	}
	b.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return b, nil
}

// Read reads a bundle of so many bytes. What this program cannot have written is an
// error; files whose hash the manifest does not have are read, and named by
// [Verify]. Nothing is unpacked to disk.
func Read(r io.ReaderAt, size int64) (*Bundle, error) {
	if size > maxBundle {
		return nil, fmt.Errorf("want at most %d MB, got %d MB", maxBundle>>20, size>>20)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	members, err := listMembers(z)
	if err != nil {
		return nil, err
	}
	b := &Bundle{}
	raw, err := readMember(members, manifestFile)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &b.Manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if b.Format != Format {
		return nil, fmt.Errorf("%s: want format %d, got %d", manifestFile, Format, b.Format)
	}
	for _, read := range []struct {
		name string
		take func(raw []byte) error
	}{{recordFile, b.takeRecord}, {originalsFile, b.takeOriginals}, {examplesFile, b.takeExamples}} {
		raw, err := readMember(members, read.name)
		if err == nil {
			err = read.take(raw)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", read.name, err)
		}
		if hashBytes(raw) != b.Files[read.name] {
			b.damaged = append(b.damaged, read.name)
		}
	}
	return b, nil
}

// listMembers are the files of the zip by their names: those of a bundle, each once.
func listMembers(z *zip.Reader) (map[string]*zip.File, error) {
	members := map[string]*zip.File{}
	for _, f := range z.File {
		limit, known := most[f.Name]
		switch {
		case !known:
			return nil, fmt.Errorf("want %d files with names of their own, got one called %.40q", len(most), f.Name)
		case members[f.Name] != nil:
			return nil, fmt.Errorf("want %s once, got it twice", f.Name)
		case f.UncompressedSize64 > uint64(limit):
			return nil, fmt.Errorf("%s: want at most %d MB, got %d MB", f.Name, limit>>20, f.UncompressedSize64>>20)
		}
		members[f.Name] = f
	}
	return members, nil
}

// readMember reads a file of the zip, of at most its limit, whatever the zip says.
func readMember(members map[string]*zip.File, name string) ([]byte, error) {
	f := members[name]
	if f == nil {
		return nil, fmt.Errorf("there is no %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, most[name]+1))
	if err == nil && int64(len(raw)) > most[name] {
		err = fmt.Errorf("want at most %d MB, got more", most[name]>>20)
	}
	return raw, err
}

func (b *Bundle) takeRecord(raw []byte) (err error) {
	if b.Record, err = report.ParseRecord(raw); err != nil {
		return err
	}
	r := &b.Record
	size := r.Shape[0] * r.Shape[1] * r.Shape[2]
	if size < 1 || size != r.Evaluation.Pixels || r.Classes < 2 {
		return fmt.Errorf("want images of %d values in at least 2 classes, got a shape of %v and %d classes", r.Evaluation.Pixels, r.Shape, r.Classes)
	}
	return nil
}

func (b *Bundle) takeOriginals(raw []byte) error {
	ev, sh := &b.Record.Evaluation, b.Record.Shape
	want := []npz.Want{
		{Name: "labels", Kind: npz.KindInt32, Rows: ev.Images}, {Name: "index", Kind: npz.KindInt32, Rows: ev.Images},
		{Name: "hashes", Kind: npz.KindUint8, Rows: ev.Images, Row: []int{32}},
		{Name: "images", Kind: npz.KindFloat32, Rows: ev.Images, Row: sh[:]},
	}
	all, err := npz.Decode(raw, maxImages, want...)
	if err != nil { // without the images
		var short error
		if all, short = npz.Decode(raw, maxImages, want[:3]...); short != nil {
			return err
		}
	}
	hashes := all["hashes"].Uint8s()
	b.Originals.Labels, b.Originals.Pixels = all["labels"].Int32s(), all["images"].Float32s()
	for _, i := range all["index"].Int32s() {
		b.Originals.Index = append(b.Originals.Index, int(i))
	}
	if len(b.Originals.Labels) != ev.Images || len(b.Originals.Index) != ev.Images || len(hashes) != 32*ev.Images || b.Originals.Pixels != nil && len(b.Originals.Pixels) != ev.Images*ev.Pixels {
		return fmt.Errorf("want %d images with label, index and hash each, got %d labels, %d indices, %d bytes of hashes and %d values", ev.Images, len(b.Originals.Labels), len(b.Originals.Index), len(hashes), len(b.Originals.Pixels))
	}
	if !slices.Equal(b.Originals.Labels, ev.Labels) || !slices.Equal(b.Originals.Index, ev.Index) {
		return errors.New("want the labels and the places of the evaluation, got others")
	}
	for h := range slices.Chunk(hashes, 32) {
		b.Hashes = append(b.Hashes, [32]byte(h))
	}
	return nil
}

func (b *Bundle) takeExamples(raw []byte) error {
	ev, sh := &b.Record.Evaluation, b.Record.Shape
	rows := ev.Images * min(len(ev.Attacks), math.MaxInt32/max(1, ev.Images))
	want := []npz.Want{
		{Name: "images", Kind: npz.KindFloat32, Rows: rows, Row: sh[:]}, {Name: "labels", Kind: npz.KindInt32, Rows: rows}, {Name: "predicted", Kind: npz.KindInt32, Rows: rows},
		{Name: "eps", Kind: npz.KindFloat32, Rows: rows}, {Name: "index", Kind: npz.KindInt32, Rows: rows}, {Name: "attack", Kind: npz.KindInt32, Rows: rows},
		{Name: "attacks", Kind: npz.KindUint8, Rows: maxNames},
	}
	switch t := ev.Threat; {
	case t == (geometry.Threat{}):
	case t.IsField():
		want = append(want, npz.Want{Name: "field", Kind: npz.KindFloat32, Rows: rows, Row: []int{sh[0], sh[1], 2}})
	default:
		want = append(want, npz.Want{Name: "parameters", Kind: npz.KindFloat32, Rows: rows, Row: []int{len(t.Parameters())}}, npz.Want{Name: "parameter_names", Kind: npz.KindUint8, Rows: maxNames})
	}
	all, err := npz.Decode(raw, maxImages, want...)
	if err != nil {
		return err
	}
	return b.addExamples(all["images"].Float32s(), all["field"].Float32s(), all["predicted"].Int32s(), all["index"].Int32s(), all["attack"].Int32s())
}

// addExamples takes in the examples, each of an attack and an image of the
// evaluation, once.
func (b *Bundle) addExamples(pixels, fields []float32, predicted, index, attack []int32) error {
	ev := &b.Record.Evaluation
	m, size, field := len(index), ev.Pixels, 2*b.Record.Shape[0]*b.Record.Shape[1]
	if len(pixels) != m*size || len(predicted) != m || len(attack) != m || fields != nil && len(fields) != m*field {
		return fmt.Errorf("want a row of each array for each of %d examples, got %d values, %d classes and %d attacks", m, len(pixels), len(predicted), len(attack))
	}
	places, seen := map[int]int{}, map[[2]int]bool{}
	for i, at := range ev.Index {
		places[at] = i
	}
	for k := range m {
		i, known := places[int(index[k])]
		at := [2]int{int(attack[k]), i}
		if !known || at[0] < 0 || at[0] >= len(ev.Attacks) || seen[at] {
			return fmt.Errorf("example %d: want one of each attack and image of the evaluation, got attack %d on image %d", k, attack[k], index[k])
		}
		seen[at] = true
		e := Example{Attack: at[0], Image: i, Pixels: pixels[k*size : (k+1)*size], Class: int(predicted[k])}
		if fields != nil {
			e.Field = fields[k*field : (k+1)*field]
		}
		b.Examples = append(b.Examples, e)
	}
	return nil
}
