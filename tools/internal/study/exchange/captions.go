package exchange

import (
	"unwarp/pipelines"
	"unwarp/tools/internal/drawing"
)

// captionClasses names the classes of what is drawn as the font of pictures can:
// see [pipelines.CaptionOf].
func (r *Result) captionClasses(names []string) {
	captions := map[string]string{}
	for k, name := range names {
		captions[name] = pipelines.CaptionOf(names, k)
	}
	replace := func(class *string) {
		if c, ok := captions[*class]; ok {
			*class = c
		}
	}
	side := func(s *drawing.Side) {
		for _, class := range []*string{&s.Class, &s.SeenCanonical, &s.SeenReconstruction, &s.SeenSwapped} {
			replace(class)
		}
	}
	for k := range r.Drawn {
		side(&r.Drawn[k][0])
		side(&r.Drawn[k][1])
	}
	for k := range r.Interpolations {
		n := &r.Interpolations[k]
		side(&n.From)
		side(&n.To)
		for _, p := range n.Paths {
			for i := range p.Seen {
				replace(&p.Seen[i])
			}
		}
	}
}
