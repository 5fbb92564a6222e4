package graphs

import (
	"bytes"
	"fmt"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// Replica is a copy of a part of a graph, on a device of its own. Its ops read the
// variables of the original.
type Replica struct {
	graph  *tf.Graph
	name   string
	device string
}

// Device is where the replica computes, such as gpu:1.
func (r Replica) Device() string {
	return strings.ToLower(strings.TrimPrefix(r.device, "/device:"))
}

// Replicate copies all that has been declared so far once for each of the devices,
// named as TensorFlow does, /device:GPU:1. Gradients are copied with the rest: a
// device that is set where an op is declared would not reach its gradient.
func (b *Builder) Replicate(devices ...string) []Replica {
	if b.root.Err() != nil || len(devices) == 0 {
		return nil
	}
	var def bytes.Buffer
	if _, err := b.graph.WriteTo(&def); err != nil {
		b.recordError("replicas", err)
		return nil
	}
	var all []Replica
	for i, device := range devices {
		r := Replica{b.graph, fmt.Sprintf("replica%d", i), device}
		o := tf.GraphImportOptions{Prefix: r.name, Device: device}
		for _, v := range b.vars.list {
			o.AddInputMapping(v.Read.Op.Name(), v.Read.Index, v.Read)
		}
		if err := b.graph.ImportWithOptions(def.Bytes(), o); err != nil {
			text, _, _ := strings.Cut(err.Error(), "\n")
			b.recordError(r.name, fmt.Errorf("%s", text))
			return nil
		}
		all = append(all, r)
	}
	return all
}

// Of is the replica's own value in the place of x, which was declared before the
// replica was made: x itself where that is the value of a variable.
func (r Replica) Of(x tf.Output) tf.Output {
	o := r.graph.Operation(r.name + "/" + x.Op.Name())
	if o == nil {
		return x
	}
	return o.Output(x.Index)
}

// Feeds are feeds of the replica's own inputs in the place of feeds.
func (r Replica) Feeds(feeds Feeds) Feeds {
	out := make(Feeds, len(feeds))
	for x, t := range feeds {
		out[r.Of(x)] = t
	}
	return out
}
