package attacks

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Stage is a victim in an open net.
type Stage struct {
	Arena *Arena
	Net   *graphs.Net
}

// pass names what can be computed: on which stage, and what.
type pass struct {
	stage int // 0: the referee's, 1: the guide's, 2…: sources of transfer
	kind  Loss
}

// Passes that are no loss.
const (
	forwardPass Loss = "logits"
	refereePass Loss = "referee"
	codePrefix       = "code:"
)

func codePass(l Loss) Loss { return codePrefix + l }

// answer is what a pass says about one image; its slices are its own.
type answer struct {
	loss     float32
	logits   []float32
	gradient []float32
	code     []float32
}

// player runs a stage's passes on batches.
type player struct {
	Stage
	most    int // rows in a batch
	buffers map[int]*buffers
}

// buffers are the inputs of one batch size.
type buffers struct {
	images, labels, targets, temperature, cotangent *graphs.Buffer
	references                                      map[Loss]*graphs.Buffer
}

func newPlayer(s Stage, batch int) *player {
	return &player{Stage: s, most: batch, buffers: map[int]*buffers{}}
}

// padded is the size in which n rows are computed: few sizes, since TensorFlow
// prepares its kernels anew for each.
func (p *player) padded(n int) int {
	step := max(1, p.most/8)
	return min(p.most, (n+step-1)/step*step)
}

func (p *player) at(size int) (*buffers, error) {
	if b, ok := p.buffers[size]; ok {
		return b, nil
	}
	v, n := p.Arena.Victim, int64(size)
	b := &buffers{references: map[Loss]*graphs.Buffer{}}
	var err error
	fresh := func(dt tf.DataType, dims ...int64) *graphs.Buffer {
		if err != nil {
			return nil
		}
		var x *graphs.Buffer
		x, err = graphs.NewBuffer(dt, dims...)
		return x
	}
	b.images = fresh(tf.Float, n, int64(v.H), int64(v.W), int64(v.C))
	b.labels, b.targets = fresh(tf.Int32, n), fresh(tf.Int32, n)
	b.temperature, b.cotangent = fresh(tf.Float, n), fresh(tf.Float, n, int64(v.Classes))
	for l, in := range p.Arena.references {
		b.references[l] = fresh(tf.Float, n, in.Shape[1])
	}
	if err != nil {
		return nil, err
	}
	p.buffers[size] = b
	return b, nil
}

// run answers rows, at most a batch of them.
func (p *player) run(kind Loss, rows []Question) ([]answer, error) {
	a := p.Arena
	b, err := p.at(p.padded(len(rows)))
	if err != nil {
		return nil, err
	}
	b.fill(rows)
	feeds := graphs.Feeds{a.images.Feed: b.images.Tensor}
	var fetches []tf.Output
	slope, gradient := a.slopes[kind]
	code, coded := a.codes[kind[min(len(kind), len(codePrefix)):]]
	switch {
	case kind == forwardPass || kind == refereePass:
		fetches = []tf.Output{a.logits}
	case gradient:
		feeds[a.labels.Feed], feeds[a.targets.Feed] = b.labels.Tensor, b.targets.Tensor
		feeds[a.temperature.Feed], feeds[a.cotangent.Feed] = b.temperature.Tensor, b.cotangent.Tensor
		if in, ok := a.references[kind]; ok {
			feeds[in.Feed] = b.references[kind].Tensor
		}
		fetches = []tf.Output{slope.logits, slope.loss, slope.gradient}
	case coded:
		fetches = []tf.Output{code}
	default:
		return nil, fmt.Errorf("attacks: pass %q was not declared: name the loss in the attack's Needs", kind)
	}
	out, err := p.Net.Run(feeds, fetches)
	if err != nil {
		return nil, fmt.Errorf("attacks: pass %q: %w", kind, err)
	}
	answers := make([]answer, len(rows))
	if coded && !gradient {
		split(out[0], len(rows), func(i int, v []float32) { answers[i].code = v })
		return answers, nil
	}
	split(out[0], len(rows), func(i int, v []float32) { answers[i].logits = v })
	if gradient {
		losses := graphs.Floats(nil, out[1])
		split(out[2], len(rows), func(i int, v []float32) { answers[i].gradient = v })
		for i := range answers {
			answers[i].loss = losses[i]
		}
	}
	return answers, nil
}

// fill writes rows to the buffers; what is padded repeats the first row.
func (b *buffers) fill(rows []Question) {
	n := len(b.labels.Int32())
	images, cotangent := b.images.Float32(), b.cotangent.Float32()
	px, k := len(images)/n, len(cotangent)/n
	for i := range n {
		q := rows[0]
		if i < len(rows) {
			q = rows[i]
		}
		copy(images[i*px:(i+1)*px], q.Image)
		b.labels.Int32()[i], b.targets.Int32()[i] = int32(q.Label), int32(q.Target)
		b.temperature.Float32()[i] = max(q.Temperature, 1e-30)
		if q.Cotangent != nil {
			copy(cotangent[i*k:(i+1)*k], q.Cotangent)
		}
		if q.Reference != nil {
			for _, ref := range b.references {
				if d := len(ref.Float32()) / n; d == len(q.Reference) {
					copy(ref.Float32()[i*d:(i+1)*d], q.Reference)
				}
			}
		}
	}
}

// split hands out the first n rows of a fetched tensor.
func split(t *tf.Tensor, n int, give func(i int, row []float32)) {
	all := graphs.Floats(nil, t)
	size := len(all) / int(t.Shape()[0])
	for i := range n {
		give(i, all[i*size:(i+1)*size:(i+1)*size])
	}
}
