// Package evidence writes an evaluation into one file that others can recompute,
// and recomputes it: the adversarial images, the originals or their hashes, what
// the results of each image are, the figures that follow, proofs, and hashes of
// model and data. It may import what an evaluation does.
package evidence

import (
	"encoding/json"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
)

// The files of a bundle, which is a zip.
const (
	manifestFile  = "manifest.json"   // a [Manifest]
	recordFile    = "evaluation.json" // a [report.Record], of all examples
	examplesFile  = "examples.npz"    // as unwarp attack --save writes it
	originalsFile = "originals.npz"   // labels, index, and images or hashes
)

// Format is the version of a bundle.
const Format = 1

// Manifest says what a bundle claims.
type Manifest struct {
	Format int `json:"unwarp_bundle"`
	// Model is the path of the model as it was named, Checkpoint of which weights.
	Model      string `json:"model"`
	Checkpoint string `json:"checkpoint,omitempty"`
	// Identity is everything that decides the figures: model, data, attacks with all
	// of their keys, seeds; see evaluation.Identity.
	Identity json.RawMessage `json:"identity"`
	Figures  Figures         `json:"figures"`
	// Farther is how many results the evaluation has at a smaller distance than the
	// example that it stores, of attacks that minimise another norm. Here they are
	// at the example's distance.
	Farther int `json:"farther_examples,omitempty"`
	// Files are the SHA-256 of the other files, in hexadecimal.
	Files map[string]string `json:"files"`
}

// Figures are those of an evaluation, which follow from the results of its images.
type Figures struct {
	Images       int      `json:"images"`
	CleanCorrect int      `json:"clean_correct"`
	Attacked     []Figure `json:"attacked"`
	Proven       []Figure `json:"proven,omitempty"` // of each certificate at each size, in order
}

// Figure is what is known at one size.
type Figure struct {
	Size float32 `json:"size"`
	// Left is how many images are classified correctly without attack and under all
	// attacks; of proofs, those that are neither broken nor misclassified.
	Left   int `json:"left"`
	Open   int `json:"open"`             // of them, those on which not all attacks ended
	Proven int `json:"proven,omitempty"` // of a certificate
}

// figuresOf computes the figures of a record.
func figuresOf(r *report.Record) Figures {
	ev := &r.Evaluation
	f := Figures{Images: ev.Images, Attacked: []Figure{}}
	for i := range ev.Images {
		if ev.Correct(i) {
			f.CleanCorrect++
		}
	}
	ran := ev.AttacksRun()
	for _, eps := range ev.Radii {
		f.Attacked = append(f.Attacked, Figure{Size: eps, Left: ev.RobustCount(eps), Open: ev.OpenCount(eps, ran...)})
	}
	for k := range r.Certificates {
		c := &r.Certificates[k]
		for _, size := range c.Sizes {
			n := c.CountAt(size, ev)
			f.Proven = append(f.Proven, Figure{Size: size, Left: ev.Images - n.Broken - n.Misclassified, Open: n.Open, Proven: n.Proven})
		}
	}
	return f
}

// Bundle is a bundle that was read.
type Bundle struct {
	Manifest
	Record    report.Record
	Originals attacks.Images // Pixels is nil where they are not in the bundle
	Hashes    [][32]byte     // of the originals; see hashImage
	Examples  []Example
	SHA256    string // of the file, in hexadecimal
	// damaged are files whose hash is not that of the manifest.
	damaged []string
}

// Example is an adversarial image: the smallest that an attack found of an image.
type Example struct {
	Attack, Image int // places in the evaluation
	Pixels        []float32
	Class         int       // as which it is classified
	Field         []float32 // [H,W,2], of a geometric threat of fields
}
