package onnx

import (
	"slices"
	"strings"
)

// einsum is Einsum of one or two values. TensorFlow's op has no gradient, so it is
// written as a product of matrices.
func einsum(n *node) []*value {
	left, right, explicit := strings.Cut(strings.ReplaceAll(n.text("equation", ""), " ", ""), "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(n.in) || len(terms) > 2 {
		fail("want an equation of one or two values, got %.80q for %d", n.text("equation", ""), len(n.in))
	}
	var parts []lettered
	for i, t := range terms {
		parts = append(parts, n.lettered(n.value(i), t))
	}
	if !explicit {
		right = implicitTerm(parts, left)
	}
	out := spell(right, rankOfDots(parts))
	x := n.withoutAlone(parts, 0, out)
	if len(parts) == 2 {
		x = n.contract(x, n.withoutAlone(parts, 1, out), out)
	}
	return []*value{n.arranged(x, out)}
}

// lettered is a value with a letter for each axis; those of an ellipsis are digits.
type lettered struct {
	*value
	letters string
	dots    int
}

const dotLetters = "0123456789"

// spell replaces an ellipsis by digits, counted from the last one.
func spell(term string, dots int) string {
	return strings.Replace(term, "...", dotLetters[10-dots:], 1)
}

func rankOfDots(parts []lettered) int {
	dots := 0
	for _, p := range parts {
		dots = max(dots, p.dots)
	}
	return dots
}

func (n *node) lettered(v *value, term string) lettered {
	dots := v.rank() - len(strings.Replace(term, "...", "", 1))
	if dots < 0 || dots > 10 || dots > 0 && !strings.Contains(term, "...") {
		fail("attribute equation: want a letter for each axis of %v, got %.40q", v.shape, term)
	}
	p := lettered{value: v, letters: spell(term, dots), dots: dots}
	if strings.Contains(p.letters, ".") {
		fail("attribute equation: want letters, got %.40q", term)
	}
	return n.diagonal(p)
}

// implicitTerm is the result of an equation without an arrow: the ellipsis, and the
// letters that stand once, sorted.
func implicitTerm(parts []lettered, left string) string {
	var once []string
	for _, p := range parts {
		for _, l := range p.letters {
			if strings.Count(left, string(l)) == 1 && !strings.ContainsRune(dotLetters, l) {
				once = append(once, string(l))
			}
		}
	}
	slices.Sort(once)
	term := strings.Join(once, "")
	if strings.Contains(left, "...") {
		term = "..." + term
	}
	return term
}

// diagonal takes the diagonal of axes of the same letter: everything else counts
// nothing in a sum over one of them.
func (n *node) diagonal(p lettered) lettered {
	for i := range p.letters {
		k := strings.IndexByte(p.letters[i+1:], p.letters[i])
		if k < 0 {
			continue
		}
		k += i + 1
		size := p.shape[i]
		if size < 1 || p.shape[k] != size {
			fail("attribute equation: want equal sizes for one letter, got %v", p.shape)
		}
		eye := make([]float32, product([]int64{size, size}))
		for d := range size {
			eye[d*size+d] = 1
		}
		shape := slices.Repeat([]int64{1}, p.rank())
		shape[i], shape[k] = size, size
		y := n.mul(n.plain(p.value), n.reshape(n.constant(eye), shape))
		y = n.reduce("Sum", y, []int32{int32(k)})
		p.value = n.squeezed(n.w.made(y, nil, p.batch), []int64{int64(k)})
		p.letters = p.letters[:k] + p.letters[k+1:]
		return n.diagonal(p)
	}
	return p
}

// withoutAlone sums over letters that stand in part at alone.
func (n *node) withoutAlone(parts []lettered, at int, out string) lettered {
	p := parts[at]
	var axes []int64
	letters := ""
	for i, l := range p.letters {
		used := strings.ContainsRune(out, l)
		for k, other := range parts {
			used = used || k != at && strings.ContainsRune(other.letters, l)
		}
		if used {
			letters += string(l)
		} else {
			axes = append(axes, int64(i))
		}
	}
	if len(axes) == 0 {
		return p
	}
	y := n.reduce("Sum", n.plain(p.value), p.value.placesInFile(axes))
	return lettered{value: n.squeezed(n.w.made(y, nil, p.batch), axes), letters: letters}
}

// placesInFile are axes of a value in the file's order.
func (v *value) placesInFile(axes []int64) []int32 {
	out := make([]int32, len(axes))
	for i, a := range axes {
		if int(a) == v.batch.axis {
			fail("want sums within each image, got axis %d of %v", a, v.shape)
		}
		out[i] = int32(a)
	}
	return out
}

// contract multiplies two values: letters of both that the result has are batches,
// those that it has not are summed over.
func (n *node) contract(a, b lettered, out string) lettered {
	var batch, summed, onlyA, onlyB string
	for _, l := range a.letters {
		switch inB, kept := strings.ContainsRune(b.letters, l), strings.ContainsRune(out, l); {
		case inB && kept:
			batch += string(l)
		case inB:
			summed += string(l)
		default:
			onlyA += string(l)
		}
	}
	for _, l := range b.letters {
		if !strings.ContainsRune(a.letters, l) {
			onlyB += string(l)
		}
	}
	x, y := n.matrixOf(a, batch, onlyA, summed), n.matrixOf(b, batch, summed, onlyB)
	product := n.product(x, y)
	sizes := slices.Concat(a.sizesOf(batch), a.sizesOf(onlyA), b.sizesOf(onlyB))
	for i, l := range batch { // of size 1 in one of them
		sizes[i] = max(sizes[i], b.sizesOf(string(l))[0])
		if a.sizesOf(string(l))[0] == -1 || b.sizesOf(string(l))[0] == -1 {
			sizes[i] = -1
		}
	}
	grown := still
	for _, v := range []*value{a.value, b.value} {
		if v.batch.axis != none {
			grown = v.batch
		}
	}
	if grown.axis != none {
		grown.axis = slices.Index(sizes, -1)
	}
	return lettered{value: n.reshaped(product, sizes, grown), letters: batch + onlyA + onlyB}
}

// sizesOf are the sizes of the axes with letters.
func (p lettered) sizesOf(letters string) []int64 {
	sizes := []int64{}
	for _, l := range letters {
		sizes = append(sizes, p.shape[strings.IndexRune(p.letters, l)])
	}
	return sizes
}

// matrixOf is p as matrices [batch…, rows, columns].
func (n *node) matrixOf(p lettered, batch, rows, columns string) *value {
	v := n.arranged(p, batch+rows+columns)
	shape := slices.Clone(p.sizesOf(batch))
	for _, part := range []string{rows, columns} {
		shape = append(shape, product64(p.sizesOf(part)))
	}
	grown := v.batch
	for i, d := range shape {
		if d < 0 && grown.axis != none {
			grown.axis, grown.times = i, grown.times*-d
			shape[i] = -1
		}
	}
	return n.reshaped(v, shape, grown)
}

// arranged is p with its axes in the order of letters.
func (n *node) arranged(p lettered, letters string) *value {
	if len(letters) != len(p.letters) {
		fail("attribute equation: want each letter of the result once among the values, got %.40q of %.40q", letters, p.letters)
	}
	order := make([]int, 0, len(letters))
	for _, l := range letters {
		at := strings.IndexRune(p.letters, l)
		if at < 0 {
			fail("attribute equation: want letters of the values in the result, got %.40q", letters)
		}
		order = append(order, at)
	}
	batch := p.batch
	if batch.axis != none {
		batch.axis = slices.Index(order, batch.axis)
	}
	return n.w.made(n.read(p.value, order), nil, batch)
}
