package pipelines

// Batch is N examples. Its slices are valid until the next iteration of the stream.
type Batch struct {
	Images        []float32 // [N,H,W,C], 8-bit values / 255; brightness and contrast may leave [0,1]
	DeformedViews []float32 // [N,H,W,C], the deformed views I' of section 2.2; nil without deform
	Labels        []int32   // [N], in 0..Classes()-1
	Partners      []int32   // [N], the labels of the examples mixed in; nil without mixup
	Shares        []float32 // [N], in [0,1], the share of the example itself in its image; nil without mixup
	Index         []int     // [N], the examples' places in the source
	Step          int       // number of the batch, from 0, over all epochs
	Epoch         int       // from 0
	N             int
}

// Options says how to stream a source.
type Options struct {
	Batch     int     `mapstructure:"batch" yaml:"batch"`         // examples per batch, at least 1
	Seed      uint64  `mapstructure:"seed" yaml:"seed"`           // of order and augmentation
	Shuffle   bool    `mapstructure:"shuffle" yaml:"shuffle"`     // a new order each epoch
	Balanced  bool    `mapstructure:"balanced" yaml:"balanced"`   // with Shuffle: each class has the same share of an epoch
	Augment   Augment `mapstructure:"augment" yaml:"augment"`     // what to do to each image
	Epochs    int     `mapstructure:"epochs" yaml:"epochs"`       // 0: without end
	Start     int     `mapstructure:"start" yaml:"start"`         // first batch to yield, to resume
	Workers   int     `mapstructure:"workers" yaml:"workers"`     // goroutines; 0: GOMAXPROCS
	Queue     int     `mapstructure:"queue" yaml:"queue"`         // batches kept ready; 0: 4
	Remainder bool    `mapstructure:"remainder" yaml:"remainder"` // keep an epoch's short last batch
}

// defaultQueue is how many batches are kept ready.
const defaultQueue = 4

// Steps is the number of batches of one epoch of src; 0 if there is none.
func (o Options) Steps(src Source) int {
	if o.Batch < 1 {
		return 0
	}
	n := src.Len() / o.Batch
	if o.Remainder && src.Len()%o.Batch > 0 {
		n++
	}
	return n
}
