package pipelines

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Fingerprint identifies the examples of a source by what At gives, wherever and in whatever files
// they lie. Two sources have the same one only if they have the same images with the same labels in
// the same order.
type Fingerprint struct {
	Examples int    `json:"examples"`
	Shape    [3]int `json:"shape"` // height, width, channels
	Classes  int    `json:"classes"`
	Pixels   string `json:"pixels"` // SHA-256 of the images' bytes
	Labels   string `json:"labels"` // SHA-256 of the labels, 4 bytes each, big-endian
}

// TakeFingerprint reads all of src.
func TakeFingerprint(ctx context.Context, src Source) (Fingerprint, error) {
	return readFingerprint(ctx, src, func([]uint8) {})
}

// readFingerprint is TakeFingerprint with a look at each image.
func readFingerprint(ctx context.Context, src Source, look func(image []uint8)) (Fingerprint, error) {
	sh := src.Shape()
	f := Fingerprint{Examples: src.Len(), Shape: [3]int{sh.H, sh.W, sh.C}, Classes: src.Classes()}
	pixels, labels := sha256.New(), sha256.New()
	image := make([]uint8, sh.Len())
	for i := range src.Len() {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		label, err := readExample(src, i, image)
		if err != nil {
			return f, err
		}
		pixels.Write(image)
		look(image)
		labels.Write(binary.BigEndian.AppendUint32(nil, uint32(label)))
	}
	f.Pixels, f.Labels = hex.EncodeToString(pixels.Sum(nil)), hex.EncodeToString(labels.Sum(nil))
	return f, nil
}

// Differences says in words how g, of other examples, differs from f: "" where it does not.
func (f Fingerprint) Differences(g Fingerprint) string {
	var out []string
	add := func(differs bool, format string, args ...any) {
		if differs {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	images := "images"
	if g.Examples == 1 {
		images = "image"
	}
	add(f.Examples != g.Examples, "%d %s instead of %d", g.Examples, images, f.Examples)
	add(f.Shape != g.Shape, "images of %v instead of %v", g.shape(), f.shape())
	add(f.Classes != g.Classes, "%d classes instead of %d", g.Classes, f.Classes)
	if len(out) == 0 {
		add(f.Pixels != g.Pixels, "other pixels")
		add(f.Labels != g.Labels, "other labels")
	}
	return strings.Join(out, ", ")
}

func (f Fingerprint) shape() Shape { return Shape{f.Shape[0], f.Shape[1], f.Shape[2]} }

// SetIdentity says what data a model was made with: the settings that chose them, and what they were.
// The fingerprints decide; Settings.Path is where the files lay.
type SetIdentity struct {
	Settings Data `json:"settings"`
	// Parts are the fingerprints by the names of PartNames; a part that the set lacks is missing.
	Parts map[string]Fingerprint `json:"parts"`
}

// PartNames are the parts of a set.
var PartNames = []string{"train", "validation", "test", "familiar"}

// Part is the named part of a set; nil if the set lacks it.
func (s Splits) Part(name string) Source {
	return map[string]Source{"train": s.Train, "validation": s.Validation, "test": s.Test, "familiar": s.Familiar}[name]
}

// Identity reads all parts of the set that d describes, once. trained are the hashes of its training
// images.
func (s Splits) Identity(ctx context.Context, d Data) (id SetIdentity, trained ImageHashes, err error) {
	id = SetIdentity{Settings: d, Parts: map[string]Fingerprint{}}
	for _, name := range PartNames {
		src := s.Part(name)
		if src == nil {
			continue
		}
		look := func([]uint8) {}
		if name == "train" {
			look = func(image []uint8) { trained = append(trained, hashImage(image)) }
		}
		if id.Parts[name], err = readFingerprint(ctx, src, look); err != nil {
			return id, nil, err
		}
	}
	slices.Sort(trained)
	return id, trained, nil
}
