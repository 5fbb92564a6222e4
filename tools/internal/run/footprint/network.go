package footprint

import (
	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// OfNetwork describes a network that another program wrote, with the layers that an
// encoder may end at.
func OfNetwork(name string, n imported.Network) *Model {
	sign := n.Signature()
	m := &Model{Name: name, Format: sign.Format, Image: sign.Input.Size(), Hidden: sign.Hidden}
	if sign.Classes > 0 && sign.End != imported.Number {
		m.Classes = imported.Classes(sign.Classes)
	}
	sizes := map[string]int64{}
	for _, w := range n.Weights() {
		sizes[w.Name] = w.Size()
		m.Parameters += w.Size()
	}
	m.Trainable = m.Parameters
	for _, l := range n.Layers() {
		row := graphs.LayerRow{Name: l.Name, Op: l.Op}
		if len(l.Shape) > 0 { // the first is that of the batch
			row.Shape = l.Shape[1:]
		}
		for _, w := range l.Weights {
			row.Parameters += sizes[w]
		}
		m.Layers = append(m.Layers, row)
	}
	return m
}
