package exchange

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/study"
)

// Indices are the places of two images in a part of the set.
type Indices [2]int

// ParsePairs reads pairs such as 3,17.
func ParsePairs(texts []string) ([]Indices, error) {
	var all []Indices
	for _, text := range texts {
		a, b, ok := strings.Cut(text, ",")
		i, err := strconv.Atoi(strings.TrimSpace(a))
		j, err2 := strconv.Atoi(strings.TrimSpace(b))
		if !ok || err != nil || err2 != nil || i < 0 || j < 0 {
			return nil, study.WrongRequest("--pair: want the indices of two images such as 3,17, got %q", text)
		}
		all = append(all, Indices{i, j})
	}
	return all, nil
}

// Random pairs get so many tries to find two classes; after half of them, pairs
// of one class are taken.
const (
	mostTries    = 200
	mixedClasses = 100
)

// randomPairs draws n pairs of images of different classes. Where no pair of
// different classes is found, it takes two images of one class.
func randomPairs(src pipelines.Source, n int, r *rand.Rand) ([]Indices, error) {
	if src.Len() < 2 {
		return nil, study.WrongRequest("swap: want at least 2 images to exchange codes between, got %d: choose another --part", src.Len())
	}
	pairs := make([]Indices, n)
	pixels := make([]uint8, src.Shape().Len())
	for k := range pairs {
		for try := range mostTries {
			i, j := r.IntN(src.Len()), r.IntN(src.Len())
			pairs[k] = Indices{i, j}
			a, err := src.At(i, pixels)
			if err != nil {
				return nil, err
			}
			b, err := src.At(j, pixels)
			if err != nil {
				return nil, err
			}
			if a != b || try > mixedClasses && i != j {
				break
			}
		}
	}
	return pairs, nil
}

// flatten lists the images of pairs: image 2k and 2k+1 are those of pair k.
func flatten(pairs []Indices, src pipelines.Source) ([]int, error) {
	var indices []int
	for _, p := range pairs {
		for _, i := range p {
			if i < 0 || i >= src.Len() {
				return nil, study.WrongRequest("--pair: want indices in 0..%d of the part, got %d", src.Len()-1, i)
			}
		}
		indices = append(indices, p[0], p[1])
	}
	return indices, nil
}
