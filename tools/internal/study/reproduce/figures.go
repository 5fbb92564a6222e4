package reproduce

import (
	"os"
	"path/filepath"
	"slices"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/shell"
	"unwarp/tools/internal/study/paper"
)

// Figure is a figure of the paper with the trainings that it shows, of seed 1.
type Figure struct {
	Name string
	Arms []string
}

// figureNames are the figures that are drawn.
var figureNames = []string{"figure1", "figure2", "figure3", "figure4"}

// figureArms are the trainings of each figure.
var figureArms = map[string][]string{
	"figure1": {"mnist-disentangled", "facescrub-disentangled"},
	"figure2": {"smallnorb-azimuth-base", "smallnorb-elevation-base"},
	"figure3": {"mnist-disentangled", "facescrub-disentangled"},
	"figure4": {"mnist-base", "mnist-disentangled"},
}

// DrawingCommand is the command of unwarp that draws one model of a figure.
type DrawingCommand struct {
	Figure string
	Args   []string
}

// ofData tells whether the figure shows images alone, and no model.
func (f Figure) ofData() bool { return f.Name == "figure2" }

// DrawingCommands returns the commands that draw the chosen figures.
func (r *Reproduction) DrawingCommands() ([]DrawingCommand, error) {
	var all []DrawingCommand
	for _, f := range r.Figures {
		for _, name := range f.Arms {
			arm, _ := paper.FindArm(name)
			args := r.drawingArgs(f, arm)
			if r.Data != "" {
				path, err := arm.DataPath(r.Data)
				if err != nil {
					return nil, err
				}
				args = append(args, "--set", "data.path="+path)
			}
			all = append(all, DrawingCommand{f.Name, args})
		}
	}
	return all, nil
}

// MakeFolder makes the folder of the runs, if there is none: a figure that shows images
// alone has no run, and its picture lies there.
func (r *Reproduction) MakeFolder() error {
	if err := os.MkdirAll(r.Runs, 0o777); err != nil {
		return files.NotWritten(r.Runs, err)
	}
	return nil
}

// drawingArgs are the command and the flags that draw an arm of a figure.
func (r *Reproduction) drawingArgs(f Figure, arm paper.Arm) []string {
	run := filepath.Join(r.Runs, arm.Folder(1))
	switch f.Name {
	case "figure1":
		return []string{"swap", shell.Operand(run), "--count", "0", "--framework", filepath.Join(run, "pictures", "framework.png")}
	case "figure2":
		args := []string{"data", "--preset", arm.Config, "--nearest", filepath.Join(r.Runs, f.Name+"-"+arm.Name+".png"), "--count", "16"}
		for _, kv := range slices.Concat(arm.Set, r.Set) {
			args = append(args, "--set", kv)
		}
		return args
	case "figure4":
		return []string{"embed", shell.Operand(run), "--method", "both", "--attack", "fgsm(eps=.3)"}
	}
	return []string{"swap", shell.Operand(run), "--count", "1000"}
}
