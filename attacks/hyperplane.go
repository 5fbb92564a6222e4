package attacks

import "math"

// cross writes to d the smallest change in the threat's norm, among those that
// keep x in the box, for which w·d = gain. Where the box does not reach so far,
// d leads to its corner in that direction (Croce and Hein 2020, section 3).
// spare has as many elements as x and holds nothing between calls.
func (t Threat) cross(d, x, w []float32, gain float64, spare []int32) {
	s := float32(1)
	if gain < 0 {
		s, gain = -1, -gain
	}
	if t.Norm == L1 {
		t.crossL1(d, x, w, s, gain, spare)
		return
	}
	// Every value moves by level, in L2 by level·|w|, until it meets the box.
	// The gain is a concave function of level made of straight pieces: Newton's
	// method comes from below, and ends when no more values have met the box.
	var level float64
	for met := -1; ; {
		var fixed, rate float64
		n := 0
		for i, v := range w {
			if v == 0 {
				continue
			}
			size := math.Abs(float64(v))
			room := t.room(x[i], s*v)
			if pace := t.pace(size); level*pace >= room {
				fixed += size * room
				n++
			} else {
				rate += size * pace
			}
		}
		if n == met || gain == 0 {
			break
		}
		met = n
		if level = math.Inf(1); rate > 0 {
			level = (gain - fixed) / rate
		}
	}
	for i, v := range w {
		d[i] = 0
		if v != 0 && level > 0 {
			d[i] = s * sign(v) * float32(min(level*t.pace(math.Abs(float64(v))), t.room(x[i], s*v)))
		}
	}
}

// room is how far a value v can move in a direction.
func (t Threat) room(v, direction float32) float64 {
	if direction > 0 {
		return float64(t.Hi) - float64(v)
	}
	return float64(v) - float64(t.Lo)
}

// pace is how fast a value of weight w moves.
func (t Threat) pace(w float64) float64 {
	if t.Norm == L2 {
		return w
	}
	return 1
}

// crossL1 moves the values of largest weight to the box, as many as it takes,
// and the last a part of the way. They are found as quickselect does, without
// sorting all.
func (t Threat) crossL1(d, x, w []float32, s float32, gain float64, spare []int32) {
	clear(d)
	open := spare[:0]
	for i, v := range w {
		if v != 0 {
			open = append(open, int32(i))
		}
	}
	for len(open) > 0 && gain > 0 {
		pivot := abs(w[open[len(open)/2]])
		// open becomes larger | equal | smaller
		larger, rest := 0, len(open)
		var sum float64
		for i := 0; i < rest; {
			k := open[i]
			switch a := abs(w[k]); {
			case a > pivot:
				sum += float64(a) * t.room(x[k], s*w[k])
				open[larger], open[i] = k, open[larger]
				larger++
				i++
			case a < pivot:
				rest--
				open[i], open[rest] = open[rest], k
			default:
				i++
			}
		}
		if sum >= gain {
			open = open[:larger]
			continue
		}
		for _, k := range open[:larger] {
			d[k] = s * sign(w[k]) * float32(t.room(x[k], s*w[k]))
		}
		gain -= sum
		for _, k := range open[larger:rest] {
			move := min(t.room(x[k], s*w[k]), max(0, gain/float64(pivot)))
			d[k] = s * sign(w[k]) * float32(move)
			gain -= move * float64(pivot)
		}
		open = open[rest:]
	}
}
