package format

// Model is a ModelProto.
type Model struct {
	IR                        int64
	Producer, ProducerVersion string
	Sets                      map[string]int64 // operator sets by domain; "" is that of ONNX itself
	Graph                     *Graph
	Functions                 int // functions of the model's own: counted, not read
}

// Graph is a GraphProto.
type Graph struct {
	Name      string
	Nodes     []*Node
	Constants []*Tensor // initialisers
	In, Out   []Value
	Values    []Value // what the file says of values between
	Sparse    int     // sparse initialisers: counted, not read
}

// Node is a NodeProto.
type Node struct {
	Name, Op, Domain string
	In, Out          []string
	Attributes       []Attribute
}

// Attribute is an AttributeProto.
type Attribute struct {
	Name   string
	Type   AttributeType
	Float  float32
	Int    int64
	Text   string
	Tensor *Tensor
	Graph  *Graph
	Floats []float32
	Ints   []int64
	Texts  []string
	// Reference names an attribute of the function around, whose value it has.
	Reference string
}

// Tensor is a TensorProto. Raw are its values, row by row and little-endian, in
// whatever field the file has them; nil where they are in a file beside it.
type Tensor struct {
	Name     string
	Type     DataType
	Dims     []int64
	Raw      []byte
	Texts    int // values that are texts: counted, not read
	External *External
}

// External says where the values of a tensor are. Length is 0 for up to the end.
type External struct {
	Location       string
	Offset, Length int64
}

// Value is a ValueInfoProto.
type Value struct {
	Name string
	Kind Kind
	Type DataType
	Dims []Dim // where Shaped
	// Shaped tells that the file says a shape; without it the rank is free.
	Shaped bool
}

// Kind is what a value is.
type Kind string

// Kinds of values.
const (
	TensorKind   Kind = "tensor"
	SequenceKind Kind = "sequence"
	MapKind      Kind = "map"
	OtherKind    Kind = ""
)

// Dim is a size, 0 where it is free; Parameter is then its name, if it has one.
type Dim struct {
	Size      int64
	Parameter string
}

// Ints is an attribute that is a list of integers.
func Ints(name string, v ...int64) Attribute {
	return Attribute{Name: name, Type: IntsAttribute, Ints: v}
}

// Int is an attribute that is an integer.
func Int(name string, v int64) Attribute { return Attribute{Name: name, Type: IntAttribute, Int: v} }
