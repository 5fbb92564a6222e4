package pipelines

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
)

// Description is what a set holds. Pixel statistics are over all values of all images, 8-bit / 255.
type Description struct {
	Name     string `json:"name"`
	Examples int    `json:"examples"`
	Height   int    `json:"height"`
	Width    int    `json:"width"`
	Channels int    `json:"channels"`
	Classes  int    `json:"classes"`
	PerClass []int  `json:"per_class"` // [Classes] examples of each
	// ClassNames are there if the set knows them.
	ClassNames []string `json:"class_names,omitempty"`
	Mean       float64  `json:"mean"`
	Std        float64  `json:"std"` // of the population: divided by the number of values
	Min        float64  `json:"min"`
	Max        float64  `json:"max"`
	SHA256     string   `json:"sha256"` // of, per example, the label as 4 bytes big-endian and the pixels
}

// Describe reads all of src.
func Describe(src Source) (Description, error) {
	sh := src.Shape()
	d := Description{
		Name: src.Name(), Examples: src.Len(), Height: sh.H, Width: sh.W, Channels: sh.C,
		Classes: src.Classes(), PerClass: make([]int, src.Classes()), ClassNames: ClassNames(src),
	}
	sum := sha256.New()
	record := make([]byte, 4+sh.Len())
	var counts [256]int
	for i := range src.Len() {
		label, err := readExample(src, i, record[4:])
		if err != nil {
			return Description{}, err
		}
		d.PerClass[label]++
		record[0], record[1], record[2], record[3] = byte(label>>24), byte(label>>16), byte(label>>8), byte(label)
		sum.Write(record)
		for _, v := range record[4:] {
			counts[v]++
		}
	}
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	d.setPixelStatistics(&counts)
	return d, nil
}

// setPixelStatistics derives the statistics from how often each byte occurs, which is exact.
func (d *Description) setPixelStatistics(counts *[256]int) {
	low, high := 255, 0
	var n, first, second float64
	for v, c := range counts {
		if c == 0 {
			continue
		}
		low, high = min(low, v), max(high, v)
		n += float64(c)
		first += float64(c) * float64(v)
		second += float64(c) * float64(v) * float64(v)
	}
	d.Min, d.Max = float64(low)/255, float64(high)/255
	d.Mean = first / n / 255
	d.Std = math.Sqrt(max(second/n-first/n*(first/n), 0)) / 255
}

// readExample is src.At with the label checked.
func readExample(src Source, i int, dst []uint8) (int, error) {
	label, err := src.At(i, dst)
	if err != nil {
		return 0, err
	}
	if label < 0 || label >= src.Classes() {
		return 0, fmt.Errorf("pipelines: %s: example %d: want a label in 0..%d, got %d: mend the labels",
			src.Name(), i, src.Classes()-1, label)
	}
	return label, nil
}
