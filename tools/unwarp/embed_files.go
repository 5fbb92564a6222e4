package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"unwarp/pipelines"
	"unwarp/tools/internal/drawing"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/study/embedding"
)

// embedReport is embed.json.
type embedReport struct {
	Run        string                 `json:"run"`
	Checkpoint string                 `json:"checkpoint"`
	Kind       string                 `json:"kind"`
	Set        string                 `json:"set"`
	OtherData  string                 `json:"other_data,omitempty"` // how the images differ from the training's set
	Part       string                 `json:"part"`
	Images     int                    `json:"images"` // of the part
	Fitted     int                    `json:"fitted"` // training images
	Attack     string                 `json:"attack,omitempty"`
	Found      int                    `json:"found"`           // images with an adversarial example
	Before     float64                `json:"before"`          // accuracy of the classifier itself
	After      *float64               `json:"after,omitempty"` // the same under attack
	Codes      []embedding.CodeResult `json:"codes"`
	Perplexity float64                `json:"perplexity"`
	Iterations int                    `json:"iterations"`
	Seed       uint64                 `json:"seed"`
	Files      []string               `json:"files"`
}

func newEmbedReport(dir, checkpoint string, c config.Config, o embedOptions, r *embedding.Result) *embedReport {
	e := &embedReport{
		Run: dir, Checkpoint: checkpoint, Kind: c.Model.Kind, Set: c.Data.Set, Part: o.part, Images: r.Images, Fitted: r.Fitted,
		Found: r.Found, Before: r.Before, Codes: r.Codes,
		Perplexity: o.Perplexity, Iterations: o.Iterations, Seed: o.Seed,
	}
	if o.attack != noAttack {
		e.Attack, e.After = o.attack, &r.After
	}
	return e
}

// writeFiles writes pictures, table and measurements into folder, and lists the
// files.
func (r *embedReport) writeFiles(folder string, result *embedding.Result, classNames []string, classes int) error {
	write := func(file string, raw []byte) error {
		path := filepath.Join(folder, file)
		r.Files = append(r.Files, path)
		return writeFigure("--out", path, raw)
	}
	var names []string
	for k := range classes {
		names = append(names, printable.Cut(pipelines.CaptionOf(classNames, k), 24))
	}
	for _, layout := range result.Layouts {
		s := drawing.Scatter{Maps: layout.Maps, Attack: r.Attack, Names: names}
		svg, err := s.SVG()
		if err != nil {
			return err
		}
		if err := write("embed-"+layout.Method+".svg", svg); err != nil {
			return err
		}
		png, err := s.PNG()
		if err != nil {
			return err
		}
		if err := write("embed-"+layout.Method+".png", png); err != nil {
			return err
		}
	}
	if err := write("embed.csv", result.Table); err != nil {
		return err
	}
	path := filepath.Join(folder, "embed.json")
	r.Files = append(r.Files, path) // before the list is written
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeFigure("--out", path, append(raw, '\n'))
}

// embedFolder returns the folder that the files are written into.
func embedFolder(o embedOptions, dir string) (string, error) {
	if o.out != "" {
		if info, err := os.Stat(o.out); err == nil && !info.IsDir() {
			return "", usage(fmt.Errorf("--out %s: want a folder, found a file of that name", o.out))
		}
		return o.out, nil
	}
	folder, err := resultsFolder("embed", dir, "a folder for the files with --out")
	return filepath.Join(folder, report.PicturesDir), err
}
