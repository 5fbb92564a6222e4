package graphs

// windows are the receptive fields of a layer of capsules: a square of kernel
// places a side, moved by stride over the grid of the layer below, without
// padding. A place of that grid lies in one or several windows.
type windows struct {
	rows, cols     int // of the grid below
	kernel, stride int
}

// wholeGrid is a single window.
func wholeGrid(l CapsuleLayout) windows { return windows{rows: l.Rows, cols: l.Cols} }

// isWhole reports whether there is but one window, the whole grid.
func (w windows) isWhole() bool { return w.kernel == 0 }

// grid is the number of windows below each other and side by side.
func (w windows) grid() (rows, cols int) {
	if w.isWhole() {
		return 1, 1
	}
	return (w.rows-w.kernel)/w.stride + 1, (w.cols-w.kernel)/w.stride + 1
}

// children lists the places that the windows hold, window by window: [P*K*K].
func (w windows) children() (all []int32) {
	rows, cols := w.grid()
	for r := range rows {
		for c := range cols {
			for y := range w.kernel {
				for x := range w.kernel {
					all = append(all, int32((r*w.stride+y)*w.cols+c*w.stride+x))
				}
			}
		}
	}
	return all
}

// entries lists for each place its entries in children, filled up to the number
// that the busiest place has with len(children): [L*most].
func (w windows) entries() (flat []int32, most int) {
	of := make([][]int32, w.rows*w.cols)
	children := w.children()
	for k, i := range children {
		of[i] = append(of[i], int32(k))
		most = max(most, len(of[i]))
	}
	for _, list := range of {
		for k := range most {
			if k < len(list) {
				flat = append(flat, list[k])
			} else {
				flat = append(flat, int32(len(children)))
			}
		}
	}
	return flat, most
}

// shares is, for each entry of children, one over the number of windows that its
// place lies in.
func (w windows) shares() []float32 {
	children := w.children()
	count := make([]int, w.rows*w.cols)
	for _, i := range children {
		count[i]++
	}
	all := make([]float32, len(children))
	for k, i := range children {
		all[k] = 1 / float32(count[i])
	}
	return all
}
