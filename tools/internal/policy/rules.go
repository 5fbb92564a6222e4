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
	gonum        = "gonum.org/v1/gonum"                  // linear algebra
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
	text         = "golang.org/x/text"                   // a filter of characters
	uniseg       = "github.com/rivo/uniseg"              // columns that a text takes on a terminal
)

// Rules is the architecture, from the libraries up to the programs.
var Rules = []Rule{
	{"graphs", []string{graft, protobuf, cpu, "graphs/spec", "graphs/memory"}, "the mathematics is readable and testable without data, files or command line"},
	{"graphs/spec", nil, "the grammar name(key=value,…) serves all packages and knows none"},
	{"graphs/memory", nil, "what the machine has left, before it is asked for; all packages may ask"},
	{"graphs/bpda", []string{graft, protobuf, "graphs"}, "it rewrites a graph for backward passes, whatever model or attack it is for"},
	{"graphs/bounds", []string{graft, "graphs"}, "bounds are written into any graph, and know neither training nor attacks"},
	{"graphs/graphtest", []string{graft, "graphs"}, "helpers of tests know the graph and nothing that is built on it"},

	{"pipelines", []string{image, "graphs/spec", "graphs/memory"}, "data is pure Go: its tests run where TensorFlow is not"},
	{"pipelines/npz", nil, "a file format of its own"},
	{"pipelines/files", []string{flock, unix}, "the one way to write files serves all packages and knows none"},

	{"attacks/vector", nil, "arithmetic on slices knows no attack"},
	{"attacks", []string{graft, "graphs", "graphs/spec", "attacks/vector"}, "an attack sees a victim in a graph, not how it was trained nor where its images come from"},
	{"attacks/library", []string{graft, "graphs", "attacks", "attacks/vector"}, "an attack is written with what package attacks offers; graphs are for one that trains a net of its own"},
	{"attacks/engine", []string{graft, "pipelines/files", "graphs", "graphs/bpda", "attacks", "attacks/vector"}, "the engine runs any attack and knows none by name"},
	{"attacks/attacktest", []string{graft, "graphs", "attacks", "attacks/vector", "attacks/engine"}, "helpers of tests serve the engine and any attack"},
	{"attacks/checks", []string{graft, "graphs", "graphs/bpda", "attacks", "attacks/vector", "attacks/engine", "attacks/library"}, "checks run attacks of the library in the engine"},

	{"trainer", []string{graft, protobuf, "pipelines/files", "graphs", "graphs/spec", "pipelines"}, "adversarial training needs gradients of the graph, not the attacks that evaluate it"},

	{"tools/tf", []string{"tools/internal/setup/tflib", "tools/internal/setup/signals", "tools/internal/shell"}, "it fetches TensorFlow, so it must build without it: pure Go, no cgo"},
	{"tools/internal/setup/tflib", []string{flock, unix, terminal, "tools/internal/setup/ctxio"}, "tools/tf is built of it"},
	{"tools/internal/setup/ctxio", nil, "both fetches use it"},
	{"tools/internal/setup/signals", nil, "both programs use it"},
	{"tools/internal/setup", []string{graft, yaml, flock, cpu, unix, "pipelines/files", "graphs", "graphs/memory", "tools/internal/setup/tflib", "tools/internal/setup/ctxio", "tools/internal/run/config"}, "what prepares a machine trains and attacks nothing"},

	{"tools/internal/shell", []string{shellescape}, "the only place that writes commands to copy"},
	{"tools/internal/printable", []string{text, uniseg}, "the only place that decides which characters are printed"},

	{"tools/configs", nil, "files that the program embeds"},
	{"tools/internal/run/config", []string{viper, mapstructure, yaml, "graphs", "graphs/spec", "pipelines", "attacks", "attacks/library", "attacks/engine", "trainer"}, "the only place for viper: the libraries own their structs and do not know how they are filled"},
	{"tools/internal/run/quiet", nil, "it acts before any library is initialised"},
	{"tools/internal/run/progress", []string{progressbar, terminal, "pipelines", "trainer"}, "the only place for progress bars: libraries report by callbacks"},
	{"tools/internal/run/experiment", []string{graft, yaml, "pipelines/files", "graphs", "graphs/memory", "pipelines", "pipelines/npz", "attacks", "trainer", "tools/internal/shell", "tools/internal/run/config", "tools/internal/run/quiet"}, "it opens models and data; what is done with them lies above"},
	{"tools/internal/report", []string{plot, "pipelines/files", "pipelines", "pipelines/npz", "attacks", "attacks/library", "attacks/engine", "attacks/checks", "trainer", "tools/internal/shell", "tools/internal/printable", "tools/internal/run/config"}, "a report is made of records and pictures, without opening a model"},
	{"tools/internal/run", []string{graft, "pipelines/files", "graphs", "pipelines", "pipelines/npz", "attacks", "attacks/library", "attacks/engine", "attacks/checks", "trainer",
		"tools/internal/run/config", "tools/internal/run/quiet", "tools/internal/run/progress", "tools/internal/run/experiment", "tools/internal/report", "tools/internal/setup", "tools/internal/shell"},
		"evaluation and training as a command runs them, callable from tests"},
	{"tools/internal/study", []string{gonum, plot, image, "pipelines/files", "graphs", "pipelines", "attacks", "attacks/library", "attacks/engine", "trainer", "tools/configs",
		"tools/internal/run", "tools/internal/run/config", "tools/internal/run/experiment", "tools/internal/run/progress", "tools/internal/report", "tools/internal/shell"},
		"what measures and draws for the paper is used by commands alone"},
	{"tools/killloop", nil, "it looks at the program from outside, and shares no code with what it checks"},
	{"tools/internal/policy", nil, "it parses the others and imports none"},

	{"tools/unwarp", []string{cobra, pflag, graft, yaml, "pipelines/files", "graphs", "pipelines", "attacks", "attacks/library", "attacks/engine", "trainer", "tools/internal/run",
		"tools/internal/run/config", "tools/internal/run/experiment", "tools/internal/run/progress", "tools/internal/report", "tools/internal/study", "tools/internal/setup", "tools/internal/setup/signals", "tools/internal/shell", "tools/internal/printable"},
		"commands parse flags, call and print: the only place for cobra"},
}
