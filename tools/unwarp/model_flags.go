package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// foreignHelp is what commands say of models from elsewhere.
const foreignHelp = `
RUN may also be a SavedModel or an .onnx file that another program wrote:
--data names images for it. What the file says of its input and outputs is
printed. The range of pixels is taken from the file's first layers or found by
the accuracy on the first 200 images; --input-range, or --mean and --std, say
it. --classes lists the classes in the order of the outputs, where the data
have names of their own.`

// addModelFlags adds the flags for models that other programs wrote, and --data.
func (f *runFlags) addModelFlags(c *cobra.Command) {
	f.addDataFlag(c, "take the images at `PATH`: a folder with a folder for each class, a CSV file that lists images, an .npz file with images and labels, or the files of a set")
	f.addInputFlags(c)
}

// addInputFlags adds what says how pixels enter the network of a file, and what its
// outputs are.
func (f *runFlags) addInputFlags(c *cobra.Command) {
	f.keys["classes"] = "data.order"
	c.Flags().String("classes", "", "the classes in the order of the outputs: `FILE` with a name a line, or names separated by commas (configuration: data.order)")
	f.keys["input-range"], f.keys["mean"], f.keys["std"] = "model.range", "model.mean", "model.std"
	c.Flags().String("input-range", "", "the `RANGE` of pixels that a model from elsewhere takes: 0..1, 0..255 or -1..1 (configuration: model.range)")
	c.Flags().Var(&numberList{}, "mean", "subtract `NUMBERS` from the channels of images in [0,1], separated by spaces (configuration: model.mean)")
	c.Flags().Var(&numberList{}, "std", "divide the channels by `NUMBERS` after that (configuration: model.std)")
	f.addFileFlags(c)
	f.addFileFlag(c, "outputs", "ends", "what the scores are, `KIND`: logits or probabilities")
}

// addFileFlags adds what says how the file of a network is read.
func (f *configFlags) addFileFlags(c *cobra.Command) {
	f.addFileFlag(c, "signature", "signature", "`NAME` of the signature of a SavedModel")
	f.addFileFlag(c, "scores", "scores", "`NAME` of the output with a score for each class, where the file has several")
	f.addFileFlag(c, "layout", "layout", "`ORDER` of the axes of an image where the file does not tell: channels-first or channels-last")
}

// addFileFlag adds a flag for an option of model.encoder.
func (f *configFlags) addFileFlag(c *cobra.Command, name, option, help string) {
	if f.fileOptions == nil {
		f.fileOptions = map[string]*string{}
	}
	f.fileOptions[option] = c.Flags().String(name, "", help+" (configuration: "+option+"= in model.encoder)")
}

// withFileOptions is base with what the flags say of the file of its network.
func (f *configFlags) withFileOptions(base config.Config) (config.Config, error) {
	given := map[string]string{}
	for key, v := range f.fileOptions {
		if *v != "" {
			given[key] = *v
		}
	}
	c, err := experiment.WithEncoderOptions(base, given)
	return c, usage(err)
}

// numberList is the value of a flag for numbers, which the key writes as a list.
type numberList struct{ text string }

func (n *numberList) String() string { return n.text }
func (n *numberList) Type() string   { return "numbers" }

func (n *numberList) Set(text string) error {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '[' || r == ']' })
	if len(words) == 0 {
		return fmt.Errorf("want numbers separated by spaces, got %q", text)
	}
	n.text = "[" + strings.Join(words, ", ") + "]"
	return nil
}

// more standardises by these numbers.
func (n *numberList) more() []config.Flag {
	return []config.Flag{{Name: "mean, --std", Key: "model.normalise", Value: "set"}}
}
