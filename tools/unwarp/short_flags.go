package main

import (
	"os"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// addDataFlag adds --data, short for data.set and data.path.
func (f *configFlags) addDataFlag(c *cobra.Command, help string) {
	f.keys["data"] = "data.path"
	c.Flags().Var(&dataPath{}, "data", help+" (configuration: data.set, data.path)")
}

// addTrainingFlags adds short flags for what everybody turns.
func (f *configFlags) addTrainingFlags(c *cobra.Command) {
	f.addDataFlag(c, "train on the images at `PATH`: a folder with a folder for each class, a CSV file that lists images, or the files of a set; image files take --preset photos")
	f.keys["epochs"], f.keys["batch"], f.keys["rate"], f.keys["skip-bad"] = "train.duration", "train.batch", "train.schedule.rate", "data.skip_bad"
	c.Flags().Var(new(epochs), "epochs", "train for `N` passes over the images (configuration: train.duration)")
	c.Flags().String("batch", "", "`N` images in a step (configuration: train.batch)")
	c.Flags().String("rate", "", "the largest learning rate, `R` (configuration: train.schedule.rate)")
	c.Flags().Bool("skip-bad", false, "leave out image files that cannot be read (configuration: data.skip_bad)")
	f.addElasticFlag(c)
}

// addElasticFlag adds --elastic to a command that has workers.
func (f *configFlags) addElasticFlag(c *cobra.Command) {
	f.keys["elastic"] = "cluster.elastic"
	c.Flags().Bool("elastic", false, "go on without a lost worker, or one that is missing at the start (configuration: cluster.elastic)")
}

// moreKeys is a flag that sets keys besides its own.
type moreKeys interface{ more() []config.Flag }

// dataPath is the value of --data. What does not exist is said to be a folder, and
// refused when it is opened.
type dataPath struct{ path, set string }

func (d *dataPath) String() string { return d.path }
func (d *dataPath) Type() string   { return "path" }

func (d *dataPath) Set(path string) (err error) {
	d.path, d.set = path, "folder"
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	d.set, err = pipelines.RecogniseSet(path)
	return err
}

func (d *dataPath) more() []config.Flag {
	return []config.Flag{{Name: "data", Key: "data.set", Value: d.set}}
}

// epochs is the value of --epochs: a number, which the key writes with its unit.
type epochs string

func (e *epochs) String() string { return string(*e) }
func (e *epochs) Type() string   { return "number" }

func (e *epochs) Set(text string) error {
	*e = epochs(text + "ep")
	_, err := trainer.ParseDuration(string(*e))
	return err
}
