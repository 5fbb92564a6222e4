package pipelines

import (
	"fmt"
	"image/png"
	"os"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	t0 := time.Now()
	s, err := Open(Data{Set: "glyphs", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("open", time.Since(t0))
	n := 120
	raw := make([]uint8, 784)
	im := make([]float32, n*784)
	caps := make([]string, n)
	for i := range n {
		l, _ := s.Train.At(i, raw)
		caps[i] = fmt.Sprint(l)
		for j, v := range raw {
			im[i*784+j] = float32(v) / 255
		}
	}
	f, _ := os.Create("/tmp/glyphs.png")
	png.Encode(f, Sheet(im, n, Shape{28, 28, 1}, 15, 2, caps))
	f.Close()
	d, _ := Describe(s.Train)
	fmt.Printf("%+v\n", d)
	for i := range faces {
		for d := range 10 {
			if i > 0 {
				same := fmt.Sprint(faces[i].digits[d]) == fmt.Sprint(faces[0].digits[d])
				if same {
					fmt.Println("same", faces[i].name, d)
				}
			}
		}
	}
}
