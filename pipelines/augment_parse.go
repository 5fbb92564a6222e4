package pipelines

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on the arguments of steps.
const (
	maxSide     = 4096 // pixels
	maxContrast = 100
	maxSteps    = 64
	deformStep  = 2 // pixels; section 3.2 draws from {2, 4, 6, 8}
)

// stepKinds are all steps, in the order in which messages list them.
var stepKinds = []struct {
	name, usage string
	make        func(*stepText) step
}{
	{"stretch", "stretch(0..4)", (*stepText).readStretch},
	{"shift", "shift(2) or shift(1..2)", (*stepText).readShift},
	{"crop", "crop(48)", func(c *stepText) step { return crop{c.readSide()} }},
	{"centre", "centre(48)", func(c *stepText) step { return centre{c.readSide()} }},
	{"resize", "resize(32)", func(c *stepText) step { return resize{c.readSide()} }},
	{"flip", "flip", func(c *stepText) step { c.wantCount(0); return flip{} }},
	{"brightness", "brightness(63/255)", (*stepText).readBrightness},
	{"contrast", "contrast(.2,1.8)", (*stepText).readContrast},
	{"erase", "erase(.25) or erase(.25,.02,.2)", (*stepText).readErase},
	{"deform", "deform(stretch=2..8,shift=2..8)", (*stepText).readDeform},
	{"mixup", "mixup(.2)", (*stepText).readMixup},
}

// ParseAugment reads steps separated by "|", each a name with arguments in parentheses. "" is no
// step. Geometric steps come first, then brightness and contrast, then erase, then deform or mixup.
//
//	stretch(a..b)      each side stretched by a..b whole pixels, drawn per axis; the middle is kept, a negative
//	                   number shrinks and repeats edge pixels
//	shift(n)           the same as shift(0..n)
//	shift(a..b)        moved by a..b whole pixels either way, drawn per axis; edge pixels are repeated
//	crop(n)            a random patch of n by n pixels
//	centre(n)          the middle patch of n by n pixels, nearer to the top left by half a pixel if it must be
//	resize(n)          n by n pixels, bilinear, half-pixel centres, no antialiasing
//	flip               mirrored left to right, every second time on average
//	brightness(d)      adds one number from [-d, d); d is at most 1, the range of the image. Never clips
//	contrast(lo,hi)    (x-mean)*f + mean with f from [lo, hi), mean per image and channel. Never clips
//	erase(p,lo,hi)     random erasing: with probability p a rectangle of lo to hi of the area, of random values;
//	                   erase(p) is erase(p,.02,1/3)
//	deform(stretch=a..b,shift=a..b,step=2)
//	                   makes the deformed view I' of section 2.2: the augmented image stretched by a, a+step, … b pixels
//	                   per axis and shifted by as many either way, edge pixels repeated, values changed no further
//	mixup(a)           mixed with another example of the set, by a share from Beta(a, a), and so are the labels
//
// A number may be written as a fraction such as 63/255. An error gives the column where it was
// noticed, counted in bytes from 1; one about an unknown step lists the known ones.
func ParseAugment(text string) (Augment, error) {
	var a Augment
	if strings.TrimSpace(text) == "" {
		return a, nil
	}
	at := 0
	for part := range strings.SplitSeq(text, "|") {
		c, err := parseStep(text, at, part)
		if err != nil {
			return Augment{}, err
		}
		o, err := c.build()
		if err != nil {
			return Augment{}, err
		}
		if len(a.steps) == maxSteps {
			return Augment{}, c.fail(c.at, fmt.Sprintf("at most %d steps", maxSteps), "more", "leave some out")
		}
		if n := len(a.steps); n > 0 && (stepOrder(o) < stepOrder(a.steps[n-1]) || stepOrder(a.steps[n-1]) == lastStep) {
			return Augment{}, c.fail(c.at, "geometric steps, then brightness and contrast, then erase, then one deform or mixup",
				fmt.Sprintf("%q after %q", c.name, stepName(a.steps[n-1])), "reorder the steps")
		}
		if _, deforms := o.(deform); deforms && a.erases() {
			return Augment{}, c.fail(c.at, "no deform beside erase, since the view would show what is erased", "both", "leave one out")
		}
		a.steps = append(a.steps, o)
		at += len(part) + 1
	}
	return a, nil
}

// lastStep is the order of steps that nothing may follow.
const lastStep = 3

// erases reports whether a step of a is erase.
func (a Augment) erases() bool {
	return slices.ContainsFunc(a.steps, func(o step) bool { _, ok := o.(erase); return ok })
}

// stepOrder is a step's place among the kinds of steps. Values change after pixels have moved, so that the mean that
// contrast keeps is that of the image the model sees.
func stepOrder(o step) int {
	switch o.(type) {
	case deform, mixup:
		return lastStep
	case erase:
		return lastStep - 1
	case valueStep:
		return 1
	default:
		return 0
	}
}

func stepName(o step) string {
	name, _, _ := strings.Cut(o.String(), "(")
	return name
}
