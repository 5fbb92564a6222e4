package paper

import (
	"fmt"
	"path/filepath"
	"strconv"

	"unwarp/tools/configs"
	"unwarp/tools/internal/run/config"
)

// Arm is one kind of training that tables compare; each seed is a run.
type Arm struct {
	Name   string   // of its run folders, before -seedN
	Label  string   // in tables
	Config string   // of package configs
	Set    []string // key=value on top of it
	Small  []string // on top of that, for the small budget
	// Teacher is the arm whose run of the same seed teaches this one, "" for none.
	Teacher string
}

// Budget says how much an experiment may cost.
type Budget string

// Full is the protocol of the configurations; Small takes minutes for a table on
// two cores, and differs as each arm and table say.
const (
	Small Budget = "small"
	Full  Budget = "full"
)

// Seeds returns the default number of seeds.
func (b Budget) Seeds() int {
	if b == Small {
		return 1
	}
	return 3
}

const (
	fgsmTraining      = "train.adversary=fgsm(eps=.3)" // legitimate and adversarial images 1:1, so each image is seen twice an epoch
	wholeFGSMTraining = "train.adversary=fgsm(eps=.3,loss=training)"
	deformed          = "train.augment=crop(48)|resize(32)|deform(stretch=2..8,shift=2..8)"
)

// The benchmark CNN of section 3.1 has four convolutions. Of the layouts tried these come
// nearest to the paper's rows of the base network on digits and faces (tools/results/base.md).
const (
	digitConvolutions = "model.encoder=conv4(channels=16,strides=2)"
	faceConvolutions  = "model.encoder=conv4"
)

// digitEpochs is how long all networks for MNIST are trained, as the base network of the
// same search was.
const digitEpochs = "train.duration=6ep"

var arms = func() (list []Arm) {
	digits := func(kind, label string, set ...string) Arm {
		return Arm{Name: "mnist-" + kind, Label: label, Config: "mnist-" + kind, Set: append([]string{digitConvolutions, digitEpochs}, set...), Small: []string{"train.duration=2ep", "precision=auto"}}
	}
	list = append(list,
		digits("base", "base CNN"), digits("reconstruction", "reconstruction"), digits("disentangled", "disentangled"),
	)
	list = append(list, trainedOnFGSM(digits)...)
	for _, w := range rossWeights {
		a := digits("base", "base CNN, gradient-regularised", "train.objective.input_gradient="+w)
		a.Name = "mnist-ross-" + w
		list = append(list, a)
	}
	list = append(list, distilling(digits)...)
	thermometer := digits("base", "base CNN, thermometer encoding", "model.transform=thermometer(levels=16)")
	thermometer.Name = "mnist-thermometer"
	list = append(list, thermometer)
	for _, view := range []string{"azimuth", "elevation"} {
		norb := func(name, label, kind string, set ...string) Arm {
			short := "train.duration=4ep"
			if kind == "capsules" { // which take ten times as long
				short = "train.duration=1ep"
			}
			return Arm{Name: "smallnorb-" + view + "-" + name, Label: label, Config: "smallnorb-" + kind,
				Set: append([]string{"data.view=" + view}, set...), Small: []string{short, "precision=auto"}}
		}
		list = append(list,
			norb("base", "base CNN", "base"),
			norb("base-at", "base CNN, AT", "base", deformed),
			norb("base-at-st", "spatial transformer, AT", "base", deformed, "model.spatial_transformer=affine"),
			norb("disentangled", "disentangled", "disentangled"),
			norb("disentangled-at", "disentangled, AT", "disentangled", deformed, "train.objective.gamma=0"),
			norb("disentangled-at-cr", "disentangled, AT and CR", "disentangled", deformed),
			norb("disentangled-at-cr-literal", "disentangled, AT and CR as printed", "disentangled", deformed, "train.objective.code_norm=literal", "train.objective.lambda=1", "train.objective.gamma=1"),
			norb("capsules", "capsules, EM routing", "capsules"),
			norb("capsules-self", "capsules, self-routing", "capsules", "model.encoder=capsules(routing=self)", "model.head=capsules(routing=self)", "train.objective.loss=cross-entropy"),
		)
		if view == "azimuth" {
			list = append(list,
				norb("base-at-worded", "base CNN, AT, azimuths 0 to 100 degrees", "base", deformed, "data.split=literal"),
				norb("disentangled-at-cr-worded", "disentangled, AT and CR, azimuths 0 to 100 degrees", "disentangled", deformed, "data.split=literal"))
		}
	}
	for _, kind := range []string{"base", "disentangled"} {
		label := "base CNN"
		if kind != "base" {
			label = kind
		}
		list = append(list,
			Arm{Name: "facescrub-" + kind, Label: label, Config: "facescrub-" + kind, Set: []string{faceConvolutions}, Small: []string{"train.duration=600st", "precision=auto"}},
			Arm{Name: "cifar-" + kind, Label: label, Config: "cifar-resnet20-" + kind,
				Small: []string{"train.duration=1ep", "train.schedule.warmup=0st", "train.schedule.rate=.03", "precision=auto"}},
		)
	}
	return list
}()

// trainedOnFGSM are the arms of table 8. The last one follows the gradient of the
// whole training loss in training too, as its reading of the table does.
func trainedOnFGSM(digits func(kind, label string, set ...string) Arm) (list []Arm) {
	for _, a := range []Arm{
		{Name: "mnist-base-fgsm", Config: "base", Label: "base CNN", Set: []string{fgsmTraining}},
		{Name: "mnist-disentangled-fgsm", Config: "disentangled", Label: "disentangled", Set: []string{fgsmTraining}},
		{Name: "mnist-disentangled-fgsm-whole", Config: "disentangled", Label: "disentangled, trained against the whole loss", Set: []string{wholeFGSMTraining}},
	} {
		b := digits(a.Config, a.Label, a.Set...)
		b.Name, b.Small = a.Name, []string{"train.duration=1ep", "precision=auto"}
		list = append(list, b)
	}
	return list
}

// distilling are a teacher and the network that it teaches, at one temperature.
func distilling(digits func(kind, label string, set ...string) Arm) []Arm {
	teacher := digits("base", "base CNN, at temperature 100", "train.objective.temperature=100")
	teacher.Name = "mnist-teacher"
	student := digits("base", "base CNN, distilled", "train.objective.temperature=100")
	student.Name, student.Teacher = "mnist-distilled", teacher.Name
	return []Arm{teacher, student}
}

// FindArm returns the arm called name.
func FindArm(name string) (Arm, bool) {
	for _, a := range arms {
		if a.Name == name {
			return a, true
		}
	}
	return Arm{}, false
}

// Folder returns the name of the run folder of a seed.
func (a Arm) Folder(seed uint64) string { return fmt.Sprintf("%s-seed%d", a.Name, seed) }

// Load returns the configuration of a run. data, if not "", is the folder that holds
// the folders of the data sets; extra keys come last.
func (a Arm) Load(b Budget, seed uint64, data string, extra []string) (config.Config, error) {
	return a.load(b, seed, data, extra, config.Load)
}

// Resolve is Load without a look at the data.
func (a Arm) Resolve(b Budget, seed uint64, data string, extra []string) (config.Config, error) {
	return a.load(b, seed, data, extra, config.Resolve)
}

func (a Arm) load(b Budget, seed uint64, data string, extra []string, load func(config.Config, config.Source) (config.Config, error)) (config.Config, error) {
	src, err := a.newSource(b, seed, data)
	if err != nil {
		return config.Config{}, err
	}
	src.Set = append(src.Set, extra...)
	c, err := load(config.Default(), src)
	if err != nil {
		return c, fmt.Errorf("%s: %w", a.Name, err)
	}
	// The tables ask for attacks of their own.
	c.Attack.Attacks = nil
	return c, nil
}

// DataPath returns where the arm's data set is expected; see [Arm.Load].
func (a Arm) DataPath(data string) (string, error) {
	src, err := a.newSource(Full, 1, data)
	if err != nil {
		return "", err
	}
	c, _ := config.Load(config.Default(), src) // other errors are reported by Load
	return c.Data.Path, nil
}

func (a Arm) newSource(b Budget, seed uint64, data string) (config.Source, error) {
	raw, err := configs.Read(a.Config)
	if err != nil {
		return config.Source{}, err
	}
	src := config.Source{File: a.Config + ".yaml", Text: raw, Set: append([]string{"seed=" + strconv.FormatUint(seed, 10)}, a.Set...)}
	if b == Small {
		src.Set = append(src.Set, a.Small...)
	}
	if data != "" {
		c, _ := config.Load(config.Default(), src) // for the name of the set's folder; checked with all the rest
		src.Set = append(src.Set, "data.path="+filepath.Join(data, filepath.Base(c.Data.Path)))
	}
	return src, nil
}
