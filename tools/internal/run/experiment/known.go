package experiment

import (
	"unwarp/graphs/cluster"
	"unwarp/pipelines"
)

// Known is what a source tells of its training besides the configuration.
type Known struct {
	// Data are what it was trained with, nil where that was not recorded: run
	// folders and exports of versions before 0.2.
	Data *pipelines.SetIdentity
	// ClassNames are the names of the classes that it learnt; nil where they
	// have none or are not recorded.
	ClassNames []string
	// Images are hashes of the images that it was trained on; nil where they were not
	// recorded.
	Images pipelines.ImageHashes
	// Workers are those that trained it; a later command takes none unless it is told.
	Workers cluster.Addresses
	// Remarks are for a person who opens the source, a line each.
	Remarks []string
}

// ReadKnown reads what the run folder dir tells of its training.
func ReadKnown(dir string) (Known, error) {
	_, known, err := readRun(dir)
	return known, err
}
