package reproduce

import (
	"path/filepath"

	"unwarp/tools/internal/shell"
	"unwarp/tools/internal/study/paper"
)

// Figure is a figure of the paper with the trainings that it shows, of seed 1.
type Figure struct {
	Name string
	Arms []string
}

// figureNames are the figures that are drawn.
var figureNames = []string{"figure3", "figure4"}

// figureArms are the trainings of each figure.
var figureArms = map[string][]string{
	"figure3": {"mnist-disentangled", "facescrub-disentangled"},
	"figure4": {"mnist-base", "mnist-disentangled"},
}

// DrawingCommand is the command of unwarp that draws one model of a figure.
type DrawingCommand struct {
	Figure string
	Args   []string
}

// DrawingCommands returns the commands that draw the chosen figures.
func (r *Reproduction) DrawingCommands() ([]DrawingCommand, error) {
	var all []DrawingCommand
	for _, f := range r.Figures {
		for _, name := range f.Arms {
			arm, _ := paper.FindArm(name)
			run := filepath.Join(r.Runs, arm.Folder(1))
			args := []string{"swap", shell.Operand(run), "--count", "1000"}
			if f.Name == "figure4" {
				args = []string{"embed", shell.Operand(run), "--method", "both", "--attack", "fgsm(eps=.3)"}
			}
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
