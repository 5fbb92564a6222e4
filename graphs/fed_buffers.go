package graphs

// FedBuffers keeps the memory that is fed to inputs, by their number of rows, since new
// tensors for each run grow without limit. The zero value is empty. It is not safe for
// concurrent use.
type FedBuffers struct{ kept map[fedRows]*Buffer }

// fedRows is an input with a number of rows.
type fedRows struct {
	name string
	rows int
}

// Of is the memory of in with so many rows, [rows,...].
func (k *FedBuffers) Of(in Input, rows int) (*Buffer, error) {
	key := fedRows{in.Name, rows}
	if b, ok := k.kept[key]; ok {
		return b, nil
	}
	b, err := NewBuffer(in.Type, append([]int64{int64(rows)}, in.Shape[1:]...)...)
	if err != nil {
		return nil, err
	}
	if k.kept == nil {
		k.kept = map[fedRows]*Buffer{}
	}
	k.kept[key] = b
	return b, nil
}
