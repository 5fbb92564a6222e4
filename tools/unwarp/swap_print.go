package main

import (
	"fmt"
	"io"
	"strings"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/study/exchange"
)

// swapReport is what the command prints as JSON.
type swapReport struct {
	Run        string                `json:"run"`
	Checkpoint string                `json:"checkpoint"`
	Set        string                `json:"set"`
	Part       string                `json:"part"`
	OtherData  string                `json:"other_data,omitempty"` // how the images differ from the training's set
	Seed       uint64                `json:"seed"`
	Pairs      []exchange.PairResult `json:"pairs"`
	Counts     *exchange.Counts      `json:"exchange,omitempty"`
	Pictures   []string              `json:"pictures"`
}

func (r *swapReport) print(w io.Writer) {
	if e := r.Counts; e != nil {
		fmt.Fprintf(w, "Predicted classes of %d images with the appearance of one %s image and the\ngeometry of another, of a different class (%%, 95 %% interval)\n", e.Pairs, r.Part)
		printRate(w, "the appearance donor's class", e.Appearance)
		printRate(w, "the geometry donor's class", e.Geometry)
		printRate(w, "neither", e.Neither)
		fmt.Fprintln(w, "Without exchange the image's own class is predicted for")
		printRate(w, "the reconstruction", e.Rebuilt)
		printRate(w, "the canonical image", e.Canonical)
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, strings.Join(r.Pictures, "\n"))
}

func printRate(w io.Writer, name string, r report.Rate) {
	fmt.Fprintf(w, "  %-30s %5.1f  (%.1f to %.1f)\n", name, 100*r.Share, 100*r.Low, 100*r.High)
}
