package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/pipelines/npz"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/evaluation"
)

// Content is what goes into a bundle.
type Content struct {
	Model, Checkpoint string
	Identity          evaluation.Identity
	Record            report.Record // of which all examples are kept
	Images            attacks.Images
	Shape             pipelines.Shape
	// WithoutOriginals leaves the original images out: their hashes stand for them.
	WithoutOriginals bool
}

// Encode returns the bundle.
func Encode(c Content) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	m := Manifest{Format: Format, Model: c.Model, Checkpoint: c.Checkpoint, Files: map[string]string{}}
	record := c.Record
	record.Format, record.Bundle = report.RecordFormat, nil
	examples, err := evaluation.EncodeExamples(c.Images, &record.Evaluation, c.Shape) // before distances are taken from them
	if err != nil {
		return nil, err
	}
	record.Evaluation, m.Farther = backedByExamples(&record.Evaluation, c.Images)
	record.Evaluation = report.Writable(record.Evaluation)
	if err := judgeAnew(&record); err != nil {
		return nil, err
	}
	m.Figures = figuresOf(&record)
	if m.Identity, err = json.Marshal(c.Identity); err != nil {
		return nil, err
	}
	files := map[string][]byte{examplesFile: examples}
	if files[recordFile], err = json.Marshal(record); err != nil {
		return nil, err
	}
	if files[originalsFile], err = c.encodeOriginals(); err != nil {
		return nil, err
	}
	return zipFiles(m, files)
}

// judgeAnew judges the requirements of a record by what its examples show.
func judgeAnew(r *report.Record) error {
	all, err := parseRequirements(r.Requirements)
	if err == nil {
		r.Requirements = report.JudgeRequirements(r, all)
	}
	return err
}

// parseRequirements reads the texts of requirements.
func parseRequirements(list []report.Requirement) (all []config.Requirement, err error) {
	for _, q := range list {
		parsed, wrong := config.ParseRequirement(q.Text)
		if wrong != nil {
			err = errors.Join(err, wrong)
			continue
		}
		all = append(all, parsed)
	}
	return all, err
}

// check refuses what a bundle could not show.
func (c Content) check() error {
	if report.ShowsFaces(c.Record.Set) {
		return errors.New("want a data set whose images may be passed on, got one of faces")
	}
	values := int64(c.Images.Len()) * int64(c.Shape.Len())
	for a := range c.Record.Evaluation.Attacks {
		for i, r := range c.Record.Evaluation.Attacks[a].Results {
			if !(r.Done || r.CutShort) || !r.Found() {
				continue
			}
			if values += int64(c.Shape.Len()); r.Image == nil {
				return fmt.Errorf("want all examples, but that of image %d was not stored: attack again with --restart", c.Images.Index[i])
			}
		}
	}
	if 4*values > maxImages {
		return fmt.Errorf("want at most %d MB of images, got %d: evaluate fewer", maxImages>>20, 4*values>>20)
	}
	return nil
}

// backedByExamples is an evaluation whose distances are those of the examples that
// it stores; farther counts those that were smaller.
func backedByExamples(ev *attacks.Evaluation, images attacks.Images) (out attacks.Evaluation, farther int) {
	out = *ev
	out.Attacks = slices.Clone(ev.Attacks)
	for a := range out.Attacks {
		results := slices.Clone(out.Attacks[a].Results)
		for i, r := range results {
			if r.Image == nil || ev.Norm == "" {
				continue
			}
			clean := images.Pixels[i*ev.Pixels : (i+1)*ev.Pixels]
			if d := attacks.Distance(ev.Norm.Distance(r.Image, clean)); d > r.ThreatDistance+1e-6 {
				results[i].ThreatDistance = d
				farther++
			}
		}
		out.Attacks[a].Results = results
	}
	return out, farther
}

// encodeOriginals returns originals.npz.
func (c Content) encodeOriginals() ([]byte, error) {
	n, size := c.Images.Len(), c.Shape.Len()
	index := make([]int32, n)
	var hashes []byte
	for i := range n {
		if c.Images.Index[i] > math.MaxInt32 {
			return nil, fmt.Errorf("want images of places below %d, got %d", math.MaxInt32, c.Images.Index[i])
		}
		index[i] = int32(c.Images.Index[i])
		h := hashImage(c.Images.Pixels[i*size : (i+1)*size])
		hashes = append(hashes, h[:]...)
	}
	arrays := []npz.Array{npz.Int32("labels", c.Images.Labels, n), npz.Int32("index", index, n), npz.Uint8("hashes", hashes, n, sha256.Size)}
	if !c.WithoutOriginals {
		arrays = append(arrays, npz.Float32("images", c.Images.Pixels, n, c.Shape.H, c.Shape.W, c.Shape.C))
	}
	return npz.Encode(arrays...)
}

// hashImage is the SHA-256 of the values of an image, little-endian float32.
func hashImage(x []float32) [32]byte {
	raw := make([]byte, 0, 4*len(x))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return sha256.Sum256(raw)
}

func hashBytes(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// zipFiles writes the manifest, which names the hashes of files, and these.
func zipFiles(m Manifest, files map[string][]byte) ([]byte, error) {
	for name, raw := range files {
		m.Files[name] = hashBytes(raw)
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name string, raw []byte, method uint16) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = w.Write(raw)
		}
		return err
	}
	if err := add(manifestFile, append(manifest, '\n'), zip.Deflate); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		method := zip.Deflate
		if name != recordFile {
			method = zip.Store // they are compressed
		}
		if err := add(name, files[name], method); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
