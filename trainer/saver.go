package trainer

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Saver writes all variables in TensorFlow's checkpoint format and reads them
// back. Python's tf.train.load_checkpoint reads the files; the keys are the
// variables' paths.
type Saver struct {
	prefix  graphs.Input
	save    *tf.Operation
	restore *tf.Operation
	// model saves trainable variables and statistics alone, under the paths
	// that the inference pass reads: averages take their variable's key.
	model *tf.Operation
	// saveWeights and restoreWeights leave out the optimiser's slots; see ofWeights.
	saveWeights    *tf.Operation
	restoreWeights *tf.Operation
	weightsOnly    bool
}

// ofWeights is the saver of the weights alone.
func (sv Saver) ofWeights() Saver {
	sv.save, sv.restore, sv.weightsOnly = sv.saveWeights, sv.restoreWeights, true
	return sv
}

// dataPrefix is the name that TensorFlow extends with .index and .data-….
const dataPrefix = "variables"

func declareSaver(b *graphs.Builder) Saver {
	s := b.Pass("ckpt", graphs.Inference)
	sv := Saver{prefix: b.Input("ckpt_prefix", tf.String)}
	all := b.Variables().All()
	if !s.OK() || len(all) == 0 {
		return sv
	}
	sv.save = saveOp(s, sv.prefix.Value, all, func(v *graphs.Variable) tf.Output { return v.Read })
	sv.model = saveOp(s, sv.prefix.Value, b.Variables().All(graphs.Trainable, graphs.Statistic), func(v *graphs.Variable) tf.Output {
		if a := b.Variables().AverageOf(v); a != nil {
			return a.Read
		}
		return v.Read
	})

	sv.restore = restoreOp(s, sv.prefix.Value, all)
	weights := b.Variables().All(graphs.Trainable, graphs.Statistic, graphs.Average)
	sv.saveWeights, sv.restoreWeights = sv.save, sv.restore
	if len(weights) < len(all) {
		sv.saveWeights = saveOp(s, sv.prefix.Value, weights, func(v *graphs.Variable) tf.Output { return v.Read })
		sv.restoreWeights = restoreOp(s, sv.prefix.Value, weights)
	}
	return sv
}

// restoreOp reads variables and gives them their values.
func restoreOp(s *graphs.Scope, prefix tf.Output, vars []*graphs.Variable) *tf.Operation {
	types := make([]tf.DataType, len(vars))
	for i := range types {
		types[i] = tf.Float
	}
	names, slices := variableKeys(s, vars)
	values := op.RestoreV2(s.Op("restore"), prefix, names, slices, types)
	if !s.OK() {
		return nil
	}
	var assigns []*tf.Operation
	for i, v := range vars {
		// AssignVariableOp accepts a wrong shape silently.
		value := op.EnsureShape(s.Op("shape"), values[i], tf.MakeShape(v.Shape...))
		assigns = append(assigns, op.AssignVariableOp(s.Op("assign"), v.Handle, value))
	}
	return op.NoOp(s.Op("restored").WithControlDependencies(assigns...))
}

func saveOp(s *graphs.Scope, prefix tf.Output, vars []*graphs.Variable, read func(*graphs.Variable) tf.Output) *tf.Operation {
	reads := make([]tf.Output, len(vars))
	for i, v := range vars {
		reads[i] = read(v)
	}
	names, slices := variableKeys(s, vars)
	return op.SaveV2(s.Op("save"), prefix, names, slices, reads)
}

func variableKeys(s *graphs.Scope, vars []*graphs.Variable) (names, slices tf.Output) {
	paths := make([]string, len(vars))
	for i, v := range vars {
		paths[i] = v.Path
	}
	return op.Const(s.Op("names"), paths), op.Const(s.Op("slices"), make([]string, len(vars)))
}

// write saves the saver's variables under dir.
func (sv Saver) write(net *graphs.Net, dir string) error {
	return sv.run(net, sv.save, filepath.Join(dir, dataPrefix))
}

// read restores the saver's variables of the net from dir, after comparing its
// manifest with the net's.
func (sv Saver) read(net *graphs.Net, dir, manifest string) error {
	if diff := compareManifest(manifest, net.Vars, sv.weightsOnly); len(diff) > 0 {
		return &MismatchError{Dir: dir, Differences: diff}
	}
	return sv.run(net, sv.restore, filepath.Join(dir, dataPrefix))
}

// manifest lists the saver's variables.
func (sv Saver) manifest(vars *graphs.Variables) string {
	if sv.weightsOnly {
		return vars.Manifest(graphs.Trainable, graphs.Statistic, graphs.Average)
	}
	return vars.Manifest()
}

func (sv Saver) run(net *graphs.Net, target *tf.Operation, prefix string) error {
	t, err := tf.NewTensor(prefix)
	if err != nil {
		return err
	}
	_, err = net.Run(graphs.Feeds{sv.prefix.Feed: t}, nil, target)
	return err
}

// MismatchError says that a checkpoint belongs to another architecture.
type MismatchError struct {
	Dir         string
	Differences []string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("checkpoint %s: does not fit this model: %s: use the configuration it was trained with", e.Dir, strings.Join(e.Differences, "; "))
}

// checkManifest refuses what is no list of variables.
func checkManifest(manifest string) error {
	if strings.TrimSpace(manifest) == "" {
		return errors.New("it is empty")
	}
	for line := range strings.Lines(manifest) {
		if _, rest, ok := strings.Cut(strings.TrimSpace(line), " "); !ok || !strings.Contains(rest, "]") {
			return fmt.Errorf("line %.20q is no variable with its shape", strings.TrimSpace(line))
		}
	}
	return nil
}

// compareManifest lists what net wants and the manifest lacks or holds in another
// shape, and trainable variables that the net does not know. Slots and
// averages that an inference net does not declare are not a difference, nor are
// slots where weightsOnly says that none were saved.
func compareManifest(manifest string, vars *graphs.Variables, weightsOnly bool) []string {
	has := map[string]string{}
	var diff []string
	for line := range strings.Lines(manifest) {
		path, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		end := strings.Index(rest, "]")
		has[path] = rest[:end+1]
		if strings.Contains(rest[end:], " "+graphs.Trainable.String()+" ") && vars.Find(path) == nil {
			diff = append(diff, fmt.Sprintf("%s %s is in the checkpoint but not in the model", path, has[path]))
		}
	}
	for _, v := range vars.All() {
		want := fmt.Sprint(v.Shape)
		switch got, ok := has[v.Path]; {
		case !ok && weightsOnly && v.Kind == graphs.Slot:
		case !ok:
			diff = append(diff, fmt.Sprintf("%s %s is missing in the checkpoint", v.Path, want))
		case got != want:
			diff = append(diff, fmt.Sprintf("%s: want %s, got %s", v.Path, want, got))
		}
	}
	return diff
}
