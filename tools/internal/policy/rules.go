package policy

// Rule says what the packages in one folder of the module, and below it, may
// import besides the standard library and each other. Of several rules that
// match a package the one with the longest folder decides.
type Rule struct {
	Folder string
	// May lists folders that have a rule, which stand for the packages that
	// their rule decides about, and import paths of other modules, which
	// include what is below them.
	May []string
	Why string
}

// Other modules, each with what it is for.
const (
	graft        = "github.com/wamuir/graft"             // TensorFlow
	protobuf     = "google.golang.org/protobuf"          // the messages that graft takes: a session's options, a SavedModel
	cpu          = "golang.org/x/sys/cpu"                // whether the processor multiplies bfloat16
	image        = "golang.org/x/image"                  // fonts, resampling, vector drawing
	gonum        = "gonum.org/v1/gonum"                  // linear algebra, quantiles
	plot         = "gonum.org/v1/plot"                   // charts
	viper        = "github.com/spf13/viper"              // merges sources of configuration
	mapstructure = "github.com/go-viper/mapstructure/v2" // fills structs from what viper merged
	yaml         = "go.yaml.in/yaml/v3"                  // configuration and catalogue files
	cobra        = "github.com/spf13/cobra"              // commands
	pflag        = "github.com/spf13/pflag"              // cobra's flags
	progressbar  = "github.com/schollz/progressbar/v3"   // progress bars
	terminal     = "golang.org/x/term"                   // whether a person looks, and at how many columns
	unix         = "golang.org/x/sys/unix"               // free disk space
	flock        = "github.com/gofrs/flock"              // file locks
	shellescape  = "al.essio.dev/pkg/shellescape"        // arguments as a shell reads them
	text         = "golang.org/x/text"                   // a filter of characters, Unicode forms
	uniseg       = "github.com/rivo/uniseg"              // columns that a text takes on a terminal
)

// Rules is the architecture, from the libraries up to the programs.
var Rules = []Rule{
	{"graphs", []string{graft, protobuf, cpu, "graphs/spec", "graphs/memory"}, "the mathematics is readable and testable without data, files or command line"},
	{"graphs/spec", nil, "the grammar name(key=value,…) serves all packages and knows none"},
	{"graphs/memory", nil, "what the machine has left, before it is asked for; all packages may ask"},
	{"graphs/bpda", []string{graft, protobuf, "graphs"}, "it rewrites a graph for backward passes, whatever model or attack it is for"},
	{"graphs/bounds", []string{graft, "graphs", "graphs/memory"}, "bounds are written into any graph, and know neither training nor attacks"},
	{"graphs/onnx/format", []string{protobuf}, "the messages of a file, for who writes and who reads it"},
	{"graphs/onnx", []string{graft, protobuf, "graphs", "graphs/bounds", "graphs/onnx/format"}, "a file format of its own, of what package bounds walks"},
	{"graphs/imported", []string{graft, "graphs", "graphs/bpda"}, "what foreign networks have in common knows no file format"},
	{"graphs/imported/importedtest", []string{graft, "graphs", "graphs/imported"}, "helpers of tests know the interface"},
	{"graphs/imported/savedmodel", []string{graft, protobuf, "graphs", "graphs/memory", "graphs/imported"}, "a file format of its own; it shows a network and knows nothing of what is done with it"},
	{"graphs/imported/onnx", []string{graft, protobuf, "graphs", "graphs/memory", "graphs/imported", "graphs/onnx/format"}, "a file format of its own; it shows a network and knows nothing of what is done with it"},
	{"graphs/cluster", []string{graft, protobuf, "graphs"}, "computing on another machine is the same for training and attacks, and knows neither"},
	{"graphs/cluster/clustertest", []string{"graphs", "graphs/cluster"}, "helpers of tests start workers for all that use them"},
	{"graphs/graphtest", []string{graft, "graphs"}, "helpers of tests know the graph and nothing that is built on it"},

	{"pipelines", []string{image, text, "graphs/spec", "graphs/memory", "pipelines/npz"}, "data is pure Go: its tests run where TensorFlow is not"},
	{"pipelines/npz", nil, "a file format of its own"},
	{"pipelines/files", []string{flock, unix}, "the one way to write files serves all packages and knows none"},

	{"attacks/vector", nil, "arithmetic on slices knows no attack"},
	{"attacks", []string{graft, "graphs", "graphs/spec", "attacks/vector", "attacks/geometry"}, "an attack sees a victim in a graph, not how it was trained nor where its images come from"},
	{"attacks/geometry", []string{graft, "graphs", "graphs/spec"}, "a geometric threat is a set of images, whoever attacks or proves them"},
	{"attacks/journal", []string{"pipelines/files"}, "lines with checksums on disk, whatever they hold"},
	{"attacks/library", []string{graft, "attacks/geometry", "graphs", "attacks", "attacks/vector"}, "an attack is written with what package attacks offers; graphs are for one that trains a net of its own"},
	{"attacks/engine", []string{graft, "attacks/journal", "graphs", "graphs/bpda", "attacks", "attacks/vector"}, "the engine runs any attack and knows none by name"},
	{"attacks/certify", []string{graft, "attacks/journal", "graphs", "graphs/spec", "graphs/bounds", "attacks", "attacks/vector"}, "proofs know no attack; what they share with the engine is what an image and an example are"},
	{"attacks/certify/smoothing", []string{graft, gonum, "graphs", "graphs/spec", "attacks", "attacks/certify"}, "smoothing asks for a victim's decisions, and for quantiles"},
	{"attacks/certify/vnnlib", []string{"pipelines/files", "attacks", "attacks/certify"}, "texts and folders; the network comes as the bytes of a file"},
	{"attacks/certify/cells", []string{graft, "graphs", "graphs/spec", "graphs/bounds", "attacks", "attacks/vector", "attacks/geometry", "attacks/certify"}, "proofs of geometric threats, beside what runs and records them"},
	{"attacks/attacktest", []string{graft, "graphs", "attacks", "attacks/vector", "attacks/engine"}, "helpers of tests serve the engine and any attack"},
	{"attacks/checks", []string{graft, "attacks/geometry", "attacks/corruption", "graphs", "graphs/bpda", "attacks", "attacks/vector", "attacks/engine", "attacks/certify", "attacks/library"}, "checks run attacks of the library in the engine"},
	{"attacks/defences", []string{graft, "graphs", "graphs/bpda", "graphs/spec", "attacks", "attacks/checks"}, "defences lie around any victim; checks and commands wrap one"},
	{"attacks/corruption", []string{"graphs/spec", "pipelines/npz", "attacks", "attacks/geometry"}, "corruptions are data: what classifies them is an interface"},

	{"trainer", []string{graft, protobuf, "pipelines/files", "graphs", "graphs/cluster", "graphs/spec", "graphs/bounds", "pipelines"}, "adversarial training needs gradients of the graph, not the attacks that evaluate it"},

	{"trainer/classify", []string{"graphs", "graphs/imported", "pipelines", "trainer"}, "the way in for programs that use a trained model"},

	{"tools/tf", []string{"tools/internal/setup/tflib", "tools/internal/setup/signals", "tools/internal/shell"}, "it fetches TensorFlow, so it must build without it: pure Go, no cgo"},
	{"tools/internal/setup/tflib", []string{flock, unix, terminal, "tools/internal/setup/ctxio"}, "tools/tf is built of it"},
	{"tools/internal/setup/ctxio", nil, "both fetches use it"},
	{"tools/internal/setup/signals", nil, "both programs use it"},
	{"tools/internal/setup", []string{graft, yaml, flock, cpu, unix, "pipelines/files", "graphs", "graphs/cluster", "graphs/memory", "tools/internal/setup/tflib", "tools/internal/setup/ctxio", "tools/internal/run/config"}, "what prepares a machine trains and attacks nothing"},

	{"tools/internal/shell", []string{shellescape}, "the only place that writes commands to copy"},
	{"tools/internal/printable", []string{text, uniseg}, "the only place that decides which characters are printed"},

	{"tools/configs", nil, "files that the program embeds"},
	{"tools/internal/run/config", []string{viper, "attacks/corruption", mapstructure, yaml, "graphs", "graphs/imported", "graphs/cluster", "graphs/spec", "pipelines", "attacks", "attacks/library", "attacks/engine", "attacks/certify", "attacks/certify/cells", "attacks/certify/smoothing", "attacks/defences", "trainer"}, "the only place for viper: the libraries own their structs and do not know how they are filled"},
	{"tools/internal/run/quiet", nil, "it acts before any library is initialised"},
	{"tools/internal/run/progress", []string{progressbar, terminal, "pipelines", "trainer"}, "the only place for progress bars: libraries report by callbacks"},
	{"tools/internal/run/experiment", []string{graft, yaml, "pipelines/files", "graphs", "graphs/imported", "graphs/imported/savedmodel", "graphs/imported/onnx", "graphs/cluster", "graphs/memory", "pipelines", "pipelines/npz", "attacks", "trainer", "tools/internal/shell", "tools/internal/printable", "tools/internal/run/config", "tools/internal/run/quiet"}, "it opens models and data; what is done with them lies above"},
	{"tools/internal/drawing", []string{image, plot, "pipelines"}, "pictures are drawn of numbers and texts, whoever measured them"},
	{"tools/internal/report", []string{plot, "tools/internal/drawing", "attacks/geometry", "attacks/corruption", "pipelines/files", "pipelines", "pipelines/npz", "attacks", "attacks/library", "attacks/engine", "attacks/certify", "attacks/checks", "graphs/spec", "trainer", "tools/internal/shell", "tools/internal/printable", "tools/internal/run/config"}, "a report is made of records and pictures, without opening a model"},
	{"tools/internal/run", []string{graft, "attacks/geometry", "attacks/corruption", "pipelines/files", "graphs", "graphs/imported", "graphs/cluster", "graphs/bounds", "graphs/onnx", "pipelines", "pipelines/npz", "attacks", "attacks/library", "attacks/engine", "attacks/journal", "attacks/certify", "attacks/certify/smoothing", "attacks/certify/vnnlib", "attacks/checks", "attacks/defences", "trainer",
		"tools/internal/run/config", "tools/internal/run/quiet", "tools/internal/run/progress", "tools/internal/run/experiment", "tools/internal/drawing", "tools/internal/report", "tools/internal/setup", "tools/internal/shell", "tools/internal/printable"},
		"evaluation and training as a command runs them, callable from tests"},
	{"tools/internal/study", []string{gonum, image, "tools/internal/drawing", "pipelines/files", "graphs", "pipelines", "attacks", "attacks/library", "attacks/engine", "attacks/journal", "trainer", "tools/configs",
		"tools/internal/run", "tools/internal/run/config", "tools/internal/run/experiment", "tools/internal/run/progress", "tools/internal/report", "tools/internal/shell", "tools/internal/printable"},
		"what measures and draws for the paper is used by commands alone"},
	{"tools/photoset", []string{"tools/internal/study"}, "it writes the files that a package of its own draws"},
	{"tools/killloop", nil, "it looks at the program from outside, and shares no code with what it checks"},
	{"tools/internal/policy", nil, "it parses the others and imports none"},

	{"tools/unwarp", []string{cobra, pflag, graft, yaml, "pipelines/files", "graphs", "graphs/cluster", "graphs/memory", "pipelines", "attacks", "attacks/library", "attacks/engine", "attacks/certify", "attacks/defences", "trainer", "trainer/classify", "tools/internal/run",
		"tools/internal/run/config", "tools/internal/run/quiet", "tools/internal/run/experiment", "tools/internal/run/progress", "tools/internal/drawing", "tools/internal/report", "tools/internal/study", "tools/internal/setup", "tools/internal/setup/signals", "tools/internal/shell", "tools/internal/printable", "tools/configs"},
		"commands parse flags, call and print: the only place for cobra"},
}
