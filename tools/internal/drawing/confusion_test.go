package drawing

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"
)

// matrix has 90 images of each of n classes: 60 correct, 30 seen as the next class.
func matrix(n int, name func(k int) string) Confusion {
	c := Confusion{Title: "test"}
	for k := range n {
		row := make([]int, n)
		row[k], row[(k+1)%n] = 60, 30
		c.Counts, c.Names = append(c.Counts, row), append(c.Names, name(k))
	}
	return c
}

// countColors is the number of pixels of each colour.
func countColors(m *image.RGBA) map[color.RGBA]int {
	found := map[color.RGBA]int{}
	for i := 0; i < len(m.Pix); i += 4 {
		found[color.RGBA{m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3]}]++
	}
	return found
}

// Cells are as many and as large as they should be, whatever the number of classes
// and the length of their names, and the picture stays within a screen.
func TestConfusionCells(t *testing.T) {
	for _, n := range []int{2, 10, 40, 400} {
		for _, name := range []string{"c", strings.Repeat("a long name ", 9)} {
			c := matrix(n, func(k int) string { return fmt.Sprint(name, k) })
			m := c.Draw()
			if m.Rect.Dx() > 1400 || m.Rect.Dy() > 1400 {
				t.Errorf("%d classes: %v", n, m.Rect)
			}
			l := c.newLayout()
			inner := (l.cell - l.line) * (l.cell - l.line)
			found := countColors(m)
			correct, wrong, empty := found[mixColors(emptyCell, correctColor, .22+.78*2/3)], found[mixColors(emptyCell, mistakeColor, .22+.78/3)], found[emptyCell]
			if n == 2 { // each cell has text on it
				correct, wrong = correct*3/2, wrong*3/2
			}
			for what, have := range map[string][2]int{"correct": {correct, n}, "wrong": {wrong, n}, "empty": {empty, n * (n - 2)}} {
				if area := have[1] * inner; have[0] > area*3/2 || have[0] < area/2 {
					t.Errorf("%d classes: want %d pixels of %s cells, got %d", n, area, what, have[0])
				}
			}
		}
	}
}

// A class without images, and one that is never right, are drawn.
func TestConfusionWithoutImages(t *testing.T) {
	c := matrix(3, func(k int) string { return fmt.Sprint(k) })
	c.Counts[1] = []int{0, 0, 0}
	c.Counts[2] = []int{5, 0, 0}
	if countColors(c.Draw())[mistakeColor] == 0 {
		t.Error("want the cell of the class that is always taken for another in full")
	}
	for share, want := range map[float64]string{1: "100 %", .9999: "99.9 %", .5: "50.0 %", 0: "0.0 %"} {
		if got := formatShare(share); got != want {
			t.Errorf("%g: want %s, got %s", share, want, got)
		}
	}
}
