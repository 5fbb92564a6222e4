package drawing

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"unwarp/pipelines"
)

// side is an image whose values are all v, with the constant
// field (dx, dy).
func side(sh pipelines.Shape, v, dx, dy float32, class, seen string) Side {
	s := Side{Name: ImageName(7), Class: class, SeenCanonical: class, SeenReconstruction: class, SeenSwapped: seen}
	for range sh.Len() {
		s.Input, s.Canonical = append(s.Input, v), append(s.Canonical, v/2)
		s.Reconstruction, s.Swapped = append(s.Reconstruction, v/4), append(s.Swapped, v/8)
	}
	for range sh.H * sh.W {
		s.Field = append(s.Field, dx, dy)
	}
	return s
}

// TestDrawExchange finds each image of each kind in its place, whatever the channels.
func TestDrawExchange(t *testing.T) {
	for _, sh := range []pipelines.Shape{{H: 28, W: 28, C: 1}, {H: 32, W: 32, C: 2}, {H: 20, W: 40, C: 3}} {
		pairs := []Pair{{side(sh, 1, 2, 0, "3", "5"), side(sh, .5, 0, 0, "5", "5")}, {side(sh, .25, 0, 0, "a very long name of a class", "1"), side(sh, 0, 0, 0, "1", "9")}}
		for _, arrows := range []bool{true, false} {
			m := DrawExchange(pairs, sh, arrows)
			found := map[uint8]int{}
			for _, p := range pairs {
				for _, s := range p {
					for _, v := range []float32{s.Input[0], s.Canonical[0], s.Reconstruction[0], s.Swapped[0]} {
						found[toByte(v, 1)] = 0
					}
				}
			}
			for y := range m.Rect.Dy() {
				for x := range m.Rect.Dx() {
					if c := m.RGBAAt(x, y); c.R == c.G && c.G == c.B {
						if _, ok := found[c.R]; ok {
							found[c.R]++
						}
					}
				}
			}
			one := sh.H * sh.W * panelCount(sh) * scaleFor(sh, 112) * scaleFor(sh, 112)
			// v/2 of the first is v of the second, and so on: 1 occurs once, 1/2 twice, 1/4 three times.
			for v, times := range map[float32]int{1: 1, .5: 2, .25: 3} {
				want := times * one
				if v == 1 && !arrows { // three fields without displacement are white too
					want += 3 * one / panelCount(sh)
				}
				if got := found[toByte(v, 1)]; got < want || got > want+one/4 {
					t.Errorf("%v, arrows %v: value %g fills %d pixels, want %d", sh, arrows, v, got, want)
				}
			}
			if m.RGBAAt(0, 0) != background || m.RGBAAt(m.Rect.Dx()-1, m.Rect.Dy()-1) != background {
				t.Errorf("%v: the edge is not the background", sh)
			}
		}
	}
}

// TestChannels: two are side by side in grey, three are colours.
func TestChannels(t *testing.T) {
	c := newCanvas(40, 20)
	c.drawImage([]float32{0, 1, .2, .4, 1, 0, 2, float32(math.NaN())}, pipelines.Shape{H: 2, W: 2, C: 2}, 3, 1, 1, 1)
	for _, row := range []struct {
		x, y int
		want uint8
	}{{1, 1, 0}, {4, 1, 51}, {7, 1, 255}, {12, 3, 102}, {3, 4, 255}, {6, 6, 255}, {9, 6, 0}, {12, 6, 0}} {
		if got := c.RGBAAt(row.x, row.y); got != (color.RGBA{row.want, row.want, row.want, 255}) {
			t.Errorf("(%d, %d): want %d, got %v", row.x, row.y, row.want, got)
		}
	}
	c.drawImage([]float32{.2, .4, .6}, pipelines.Shape{H: 1, W: 1, C: 3}, 2, 30, 10, .5)
	if got := c.RGBAAt(31, 11); got != (color.RGBA{26, 51, 77, 255}) {
		t.Errorf("colours: got %v", got)
	}
}

func TestFindDonor(t *testing.T) {
	for _, row := range [][4]string{
		{"3", "3", "5", "appearance donor's"}, {"5", "3", "5", "geometry donor's"},
		{"4", "3", "5", "neither donor's"}, {"3", "3", "3", "both donors' class"}, {"4", "3", "3", "neither donor's"},
	} {
		if got, _ := FindDonor(row[0], row[1], row[2]); got != row[3] {
			t.Errorf("%v: got %q", row, got)
		}
	}
}

// TestFieldDrawing: colours by closed form, arrows the way of the displacement and no
// longer than it, and longer by a stated factor where they could not be seen.
func TestFieldDrawing(t *testing.T) {
	for _, row := range []struct {
		dx, dy float64
		want   color.RGBA
	}{
		{0, 0, color.RGBA{255, 255, 255, 255}}, {2, 0, color.RGBA{255, 0, 0, 255}}, {-2, 0, color.RGBA{0, 255, 255, 255}},
		{1, 0, color.RGBA{255, 128, 128, 255}}, {9, 0, color.RGBA{255, 0, 0, 255}}, {0, 2, color.RGBA{128, 255, 0, 255}},
	} {
		got := fieldColor(row.dx, row.dy, 2)
		for i, v := range [3][2]uint8{{got.R, row.want.R}, {got.G, row.want.G}, {got.B, row.want.B}} {
			if math.Abs(float64(v[0])-float64(v[1])) > 1 {
				t.Errorf("(%g, %g), channel %d: want %v, got %v", row.dx, row.dy, i, row.want, got)
			}
		}
	}
	for _, row := range []struct {
		most  float64
		scale int
		want  int
	}{{3, 4, 1}, {.1, 4, 32}, {0, 4, 1}, {1e-9, 1, 64}} {
		if got := arrowMagnification(row.most, row.scale); got != row.want {
			t.Errorf("%g px at scale %d: want ×%d, got ×%d", row.most, row.scale, row.want, got)
		}
	}
	for _, row := range []struct{ dx, dy float64 }{{20, 0}, {-20, 0}, {0, 20}, {0, -20}} {
		c := newCanvas(80, 80)
		c.drawArrow(40, 40, row.dx, row.dy)
		box := image.Rectangle{}
		for y := range 80 {
			for x := range 80 {
				if c.RGBAAt(x, y) != background {
					box = box.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		want := image.Rect(40, 40, 40+int(row.dx), 40+int(row.dy)).Canon().Inset(-3)
		if !box.In(want) || max(box.Dx(), box.Dy()) < 19 {
			t.Errorf("an arrow by %v covers %v", row, box)
		}
	}
}

func TestFitText(t *testing.T) {
	for _, text := range []string{"short", "a name that is far too long for the place", "äöüß ĳ 漢字 and more of it", ""} {
		for _, room := range []int{10, 40, 120, 1000} {
			got := fitText(text, room)
			if textWidth(got) > max(room, textWidth("…")) || got != text && !strings.HasSuffix(got, "…") || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")) {
				t.Errorf("%q in %d pixels: %q, %d wide", text, room, got, textWidth(got))
			}
		}
	}
}

func interpolate(sh pipelines.Shape, steps int) Interpolation {
	n := Interpolation{From: side(sh, 1, 0, 0, "1", "1"), To: side(sh, 0, 0, 0, "2", "2")}
	for _, title := range []string{"appearance changes", "geometry changes", "both change"} {
		path := Path{Title: title}
		for i := range steps {
			path.Images = append(path.Images, side(sh, 1-float32(i)/float32(steps-1), 0, 0, "", "").Input)
			path.Seen = append(path.Seen, "1")
		}
		n.Paths = append(n.Paths, path)
	}
	return n
}

// TestInterpolations: there and back, the ends longer, in colours near those drawn.
func TestInterpolations(t *testing.T) {
	for _, sh := range []pipelines.Shape{{H: 28, W: 28, C: 1}, {H: 32, W: 32, C: 2}, {H: 32, W: 32, C: 3}} {
		const steps = 5
		g := Animate([]Interpolation{interpolate(sh, steps), interpolate(sh, steps)}, sh, 10)
		var raw bytes.Buffer
		if err := gif.EncodeAll(&raw, g); err != nil {
			t.Fatal(err)
		}
		back, err := gif.DecodeAll(&raw)
		if err != nil || len(back.Image) != 2*steps-2 || back.Delay[0] != 60 || back.Delay[1] != 10 || back.Delay[steps-1] != 60 {
			t.Fatalf("%v: %d frames, %v, %v", sh, len(back.Image), back.Delay, err)
		}
		// The middle of the first path's image runs from white to black.
		scale := scaleFor(sh, 112)
		x := gap + max(panelCount(sh)*sh.W*scale, 132) + gap + sh.W*scale/2
		for i, want := range []uint8{255, 191, 128, 64, 0, 64, 128, 191} {
			sum := 0
			for d := range 16 { // dithered colours are right on average
				r, _, _, _ := back.Image[i].At(x+d%4, gap+lineHeight+40+d/4).RGBA()
				sum += int(r >> 8)
			}
			if math.Abs(float64(sum)/16-float64(want)) > 12 {
				t.Errorf("%v, frame %d: want %d, got %d", sh, i, want, sum/16)
			}
		}
		if strip := DrawInterpolations([]Interpolation{interpolate(sh, steps)}, sh); strip.Rect.Dx() < 7*sh.W*panelCount(sh)*scaleFor(sh, 72) {
			t.Errorf("%v: the strip is %v", sh, strip.Rect)
		}
	}
}

// TestFitLabel: a text that fits is unchanged, another is cut as late as possible.
func TestFitLabel(t *testing.T) {
	long := "geometry, after pgd(steps=5,restarts=2,eps=.1,loss=margin)"
	if got := fitLabel("geometry", panelSide); got != "geometry" {
		t.Errorf("got %q", got)
	}
	got := fitLabel(long, panelSide)
	start, cut := strings.CutSuffix(got, "…")
	if !cut || !strings.HasPrefix(long, start) || keyStyle().Width(got) > panelSide || keyStyle().Width(long[:len(start)+1]+"…") <= panelSide {
		t.Errorf("got %q, %v wide", got, keyStyle().Width(got))
	}
	if got := fitLabel(long, 1); got != "g…" {
		t.Errorf("without room: got %q", got)
	}
}

// TestScatter: both forms hold a panel for each map and time, and the classes.
func TestScatter(t *testing.T) {
	s := Scatter{Attack: "fgsm(eps=.3)", Names: []string{"cat", "dog & cow"}}
	for _, title := range []string{"embedding", "geometry"} {
		s.Maps = append(s.Maps, Map{Title: title, Before: []Point{{0, 0, 0}, {1, 1, 1}}, After: []Point{{2, -3, 1}}})
	}
	for _, row := range []struct {
		attacked bool
		panels   []string
	}{
		{true, []string{"embedding, before attack", "embedding, after fgsm(eps=.3)", "geometry, before attack", "geometry, after fgsm(eps=.3)", "dog & cow"}},
		{false, []string{"embedding", "geometry", "cat"}},
	} {
		if !row.attacked {
			s.Maps[0].After, s.Maps[1].After = nil, nil
		}
		raw, err := s.SVG()
		if err != nil {
			t.Fatal(err)
		}
		text := characters(t, raw)
		for _, want := range row.panels {
			if !strings.Contains(text, want) {
				t.Errorf("want %q in %q", want, text)
			}
		}
		if !row.attacked && strings.Contains(text, "attack") {
			t.Errorf("no attack, but %q", text)
		}
		if raw, err = s.PNG(); err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if r, _, _, a := m.At(1, 1).RGBA(); r != 0xffff || a != 0xffff {
			t.Error("the ground is not white and opaque")
		}
		tall := m.Bounds().Dy() > m.Bounds().Dx()*9/10
		if tall != row.attacked {
			t.Errorf("attack %v: the picture is %v", row.attacked, m.Bounds())
		}
	}
	seen := map[color.NRGBA]bool{}
	for k := range 60 {
		seen[classColor(k, 60)] = true
	}
	if len(seen) != 60 {
		t.Errorf("60 classes have %d colours", len(seen))
	}
}

// characters is the text of a document that must be well formed.
func characters(t *testing.T, raw []byte) string {
	t.Helper()
	var b strings.Builder
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok {
			b.Write(c)
		}
	}
}
