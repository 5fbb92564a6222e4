package attacks

import "fmt"

// Images is a block of clean images to attack.
type Images struct {
	Pixels []float32 // [N,H,W,C] in [0,1]
	Labels []int32   // [N]
	Index  []int     // [N], each image's place in its source
}

// Len is the number of images.
func (s Images) Len() int { return len(s.Labels) }

// Check refuses images that are not those of v, or outside [0,1].
func (s Images) Check(v Victim) error {
	if s.Len() == 0 {
		return fmt.Errorf("attacks: want at least one image, got none")
	}
	if len(s.Pixels) != s.Len()*v.Size() || len(s.Index) != s.Len() {
		return fmt.Errorf("attacks: want %d images of %dx%dx%d with an index each, got %d values and %d indices", s.Len(), v.H, v.W, v.C, len(s.Pixels), len(s.Index))
	}
	for i, l := range s.Labels {
		if l < 0 || int(l) >= v.Classes {
			return fmt.Errorf("attacks: image %d: want a label in 0..%d, got %d", s.Index[i], v.Classes-1, l)
		}
	}
	for i, x := range s.Pixels {
		if !(x >= 0 && x <= 1) {
			return fmt.Errorf("attacks: image %d: want values in [0,1], got %g: eps is in these units; leave jitter out of the attacked data", s.Index[i/v.Size()], x)
		}
	}
	return nil
}
