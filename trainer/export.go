package trainer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
)

// ExportUse says how Python reads an export; for help texts and summaries.
const ExportUse = "Python reads it with tf.saved_model.load or keras.layers.TFSMLayer; keras.models.load_model refuses the SavedModel format."

// The forms in which an export takes images.
const (
	FloatInput = "float" // float32 in [0,1]
	Uint8Input = "uint8" // bytes 0..255, divided by 255 in the graph
)

// Export configures a SavedModel: its parts and the form of its input images.
type Export struct {
	// InferenceOnly leaves the decoders out, their graph and weights.
	InferenceOnly bool `mapstructure:"inference_only" yaml:"inference_only"`
	// Input is how an export takes images: float (values in [0,1]) or uint8
	// (bytes).
	Input string `mapstructure:"input" yaml:"input"`
}

// DefaultExport holds everything and takes images as the training did.
func DefaultExport() Export { return Export{Input: FloatInput} }

// Check refuses values that cannot work, naming the key.
func (e Export) Check() error {
	if e.Input != FloatInput && e.Input != Uint8Input {
		return fmt.Errorf("export.input: want %s or %s, got %q", FloatInput, Uint8Input, e.Input)
	}
	return nil
}

// ExportReport is the result of an export.
type ExportReport struct {
	Path       string              `json:"path"`
	Bytes      int64               `json:"bytes"`
	Input      string              `json:"input"` // float or uint8
	Classes    int                 `json:"classes"`
	Signatures map[string][]string `json:"signatures"` // outputs of each; the input is always "image"
	// Differences holds, for each output, the largest absolute difference
	// between the files, loaded back, and the trained model.
	Differences map[string]float64 `json:"differences"`
}

// ExportInfo is unwarp.json in an export: what a program that feeds the model
// must know and a signature cannot say.
type ExportInfo struct {
	Kind          string  `json:"kind"` // base, reconstruction or disentangled
	Classes       int     `json:"classes"`
	Image         [3]int  `json:"image"`   // height, width, channels
	Input         string  `json:"input"`   // float or uint8
	High          float32 `json:"high"`    // the largest value of a pixel, 1 or 255; the smallest is 0
	Prepare       string  `json:"prepare"` // what evaluation does to an image of the data set first, as augmentation text; "" is nothing
	InferenceOnly bool    `json:"inference_only"`
	// Model and Objective describe how to build it again, for attacks.
	Model     graphs.Model `json:"model"`
	Objective Objective    `json:"objective"`
	// ClassNames are the names of the classes, where the set has them.
	ClassNames []string `json:"class_names,omitempty"`
	// Data are what the model was trained with; nil where that is not known.
	// Exports of versions before 0.2 lack it.
	Data *pipelines.SetIdentity `json:"data,omitempty"`
}

// Files of an export. TensorFlow lays down the names of the first two.
const (
	savedModelFile = "saved_model.pb"
	variablesDir   = "variables"
	// ExportInfoFile says what unwarp wrote, and how the model is built.
	ExportInfoFile = "unwarp.json"
	assetsDir      = "assets"
	// TrainedImagesFile, in an export and in a run folder, holds the hashes of the
	// images that were trained on, see [pipelines.ImageHashes].
	TrainedImagesFile = "trained-images.bin"
)

// WriteSavedModel writes the model with the weights that net holds (their
// moving averages where these are kept) as a TensorFlow SavedModel with the
// tag "serve":
//
//	saved_model.pb   graph and signatures
//	variables/       the weights, in checkpoint format
//	unwarp.json      an [ExportInfo]
//	assets/labels.txt  the names of the classes, one a line, where the set has them
//
// Every signature takes "image", [B,H,W,C] of any batch size, and outputs
// float32 under names that are also the names of the graph's nodes:
//
//	serving_default  logits [B,K], probabilities [B,K]
//	embed            embedding [B,D]; of a disentangled model also its two
//	                 parts, appearance [B,Da] and geometry [B,Dg]
//	reconstruct      reconstruction [B,H,W,C]; of a disentangled model also
//	                 canonical [B,H,W,C] and field [B,H,W,2] in pixels (dx, dy)
//
// Where image files can be decoded to the model's images, and evaluation does nothing else to them, there is also
//
//	serve_image      of "image", the content of one image file (a scalar string, JPEG, PNG, GIF or BMP of any
//	                 size), class (its name, or label as text), class_label, class_probabilities [K]
//
// A base CNN and an inference-only export have no reconstruct. The
// reconstruction ablation has one code and no warp: its embedding is its
// appearance and its canonical image its reconstruction, so neither is given a
// second name.
//
// The files are loaded back and compared with net on images, row-major
// [N,H,W,C] in [0,1]; without any, on random ones. The export gets the name dir
// only if they agree; until then an earlier export stays in its place. Anything
// else under that name is not touched and is an error.
func (g *TrainGraph) WriteSavedModel(net *graphs.Net, dir string, e Export, images []float32) (ExportReport, error) {
	if err := e.Check(); err != nil {
		return ExportReport{}, err
	}
	r, err := g.writeSavedModel(net, dir, e, images)
	switch {
	case err == nil:
		return r, nil
	case files.NamesPath(err):
		return ExportReport{}, fmt.Errorf("export %w; what was there before is untouched", err)
	}
	return ExportReport{}, fmt.Errorf("export %s: %w", files.ShortPath(dir), err)
}

func (g *TrainGraph) writeSavedModel(net *graphs.Net, dir string, e Export, images []float32) (r ExportReport, err error) {
	if err := g.checkExportable(e); err != nil {
		return r, err
	}
	pr, err := g.newComparison(e, images)
	if err != nil {
		return r, err
	}
	to, err := beginExport(dir)
	if err != nil {
		return r, err
	}
	defer to.close()
	x, err := g.newExported(net, e)
	if err != nil {
		return r, err
	}
	defer x.net.Close()
	if err := g.writeExportFiles(to.Pending, net, x, e); err != nil {
		return r, files.NotWritten(to.dir, graphs.FirstLine(err))
	}
	r = ExportReport{Path: to.dir, Input: e.Input, Classes: g.Model.Classes, Signatures: x.signatures()}
	if r.Differences, err = g.compareExport(net, to.Path, x, pr); err != nil {
		return r, err
	}
	if r.Bytes, err = folderSize(to.Path); err == nil {
		err = to.publish()
	}
	return r, files.NotWritten(to.dir, err)
}

// writeExportFiles writes the files of the export x: the weights first and
// saved_model.pb, by which a folder is recognised as a SavedModel, last.
func (g *TrainGraph) writeExportFiles(to *files.Pending, net *graphs.Net, x *exported, e Export) error {
	if err := g.writeExportWeights(to.Path, net, x); err != nil {
		return err
	}
	info, err := json.MarshalIndent(g.exportInfo(e), "", "  ")
	if err != nil {
		return err
	}
	if g.TrainedImages != nil {
		if err := to.Write(TrainedImagesFile, g.TrainedImages.Bytes()); err != nil {
			return err
		}
	}
	if err := to.Write(ExportInfoFile, append(info, '\n')); err != nil {
		return err
	}
	if x.labels != nil {
		if err := g.writeLabels(to); err != nil {
			return err
		}
	}
	model, err := x.savedModel()
	if err != nil {
		return err
	}
	return to.Write(savedModelFile, model)
}

// writeExportWeights writes the weights by the export's own session, so that
// parts that it lacks (the decoders) cannot get into its files.
func (g *TrainGraph) writeExportWeights(dir string, net *graphs.Net, x *exported) error {
	trained, variables := filepath.Join(dir, "trained"), filepath.Join(dir, variablesDir)
	for _, d := range []string{trained, variables} { // TensorFlow would make them with modes of its own
		if err := os.Mkdir(d, 0o777); err != nil {
			return err
		}
	}
	if err := g.Saver.run(net, g.Saver.model, filepath.Join(trained, dataPrefix)); err != nil {
		return err
	}
	if err := x.saver.run(x.net, x.saver.restore, filepath.Join(trained, dataPrefix)); err != nil {
		return err
	}
	if err := os.RemoveAll(trained); err != nil {
		return err
	}
	return x.saver.write(x.net, variables)
}

func (g *TrainGraph) exportInfo(e Export) ExportInfo {
	info := ExportInfo{
		Kind: "base", Classes: g.Model.Classes, Image: [3]int{g.Shape.H, g.Shape.W, g.Shape.C},
		Input: e.Input, High: 1, Prepare: g.Config.Augment.ForEvaluation().String(),
		InferenceOnly: e.InferenceOnly, Model: g.Model.Config, Objective: g.Config.Objective,
		ClassNames: g.ClassNames, Data: g.TrainedOn,
	}
	if g.Model.Decode {
		info.Kind = "reconstruction"
		if g.Model.Warp {
			info.Kind = "disentangled"
		}
	}
	if e.Input == Uint8Input {
		info.High = 255
	}
	return info
}
