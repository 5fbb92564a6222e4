package exchange

import (
	"errors"
	"math/rand/v2"
	"testing"

	"unwarp/pipelines"
	"unwarp/tools/internal/study"
)

// Random pairs are of different classes where there are any, else of different
// images.
func TestRandomPairs(t *testing.T) {
	two := newPart(0, 0, 0, 0, 0, 0, 0, 0, 0, 1) // nine of class 0
	pairs, err := randomPairs(two, 200, rand.New(rand.NewPCG(1, 2)))
	if err != nil || len(pairs) != 200 {
		t.Fatalf("got %d pairs, %v", len(pairs), err)
	}
	for _, p := range pairs {
		if (p[0] == 9) == (p[1] == 9) {
			t.Errorf("a pair of one class: %v", p)
		}
	}
	pairs, err = randomPairs(newPart(3, 3, 3), 50, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		if p[0] == p[1] {
			t.Errorf("one class: an image is paired with itself: %v", p)
		}
	}
	var wrong *study.RequestError
	if _, err := randomPairs(newPart(3), 1, pipelines.Seed(1).Rand()); !errors.As(err, &wrong) {
		t.Errorf("one image: want a wrong request, got %v", err)
	}
}

func TestParsePairs(t *testing.T) {
	got, err := ParsePairs([]string{"3,17", " 8 , 2 "})
	if err != nil || len(got) != 2 || got[0] != (Indices{3, 17}) || got[1] != (Indices{8, 2}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func FuzzParsePairs(f *testing.F) {
	for _, seed := range []string{"3,17", " 3 , 17 ", "3", ",", "-1,2", "99999999999999999999,1", "1,2,3", "+1,2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePairs([]string{text})
		if err == nil && (len(p) != 1 || p[0][0] < 0 || p[0][1] < 0) {
			t.Errorf("%q: %v", text, p)
		}
	})
}
