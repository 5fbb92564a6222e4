package attacks_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
)

// TestShardImages: shards hold each image once, and as many of each class as
// possible, whether a set is sorted by class, alternates, or has no order.
func TestShardImages(t *testing.T) {
	sets := map[string]func(i int) int32{
		"sorted":      func(i int) int32 { return int32(i / 13) },
		"alternating": func(i int) int32 { return int32(i % 10) },
		"random":      func(int) int32 { return int32(rand.IntN(7)) },
		"one class":   func(int) int32 { return 3 },
		"rare class":  func(i int) int32 { return int32(min(1, i/129)) },
	}
	for name, label := range sets {
		labels := make([]int32, 130)
		for i := range labels {
			labels[i] = label(i)
		}
		for _, n := range []int{1, 2, 7, 10, 130, 200} {
			checkShards(t, name, labels, n)
		}
	}
	if got := (attacks.Shard{}).Images([]int32{4, 2, 4}); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("no shard: want all images, got %v", got)
	}
}

func checkShards(t *testing.T, name string, labels []int32, n int) {
	t.Helper()
	seen := make([]int, len(labels))
	var sizes []int
	perClass := map[int32][]int{}
	for k := 1; k <= n; k++ {
		own := attacks.Shard{K: k, N: n}.Images(labels)
		count := map[int32]int{}
		for _, i := range own {
			seen[i]++
			count[labels[i]]++
		}
		if !slices.IsSorted(own) {
			t.Errorf("%s, shard %d/%d: want ascending places, got %v", name, k, n, own)
		}
		sizes = append(sizes, len(own))
		for _, l := range labels {
			perClass[l] = append(perClass[l], count[l])
		}
	}
	if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
		t.Errorf("%s in %d: want each image once, got %v", name, n, seen)
	}
	if slices.Max(sizes)-slices.Min(sizes) > 1 {
		t.Errorf("%s in %d: sizes %v differ by more than 1", name, n, sizes)
	}
	for class, counts := range perClass {
		if slices.Max(counts)-slices.Min(counts) > 1 {
			t.Errorf("%s in %d: class %d is spread unevenly: %v", name, n, class, counts)
		}
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]attacks.Shard{"": {}, "1/1": {K: 1, N: 1}, "2/8": {K: 2, N: 8}, "100000/100000": {K: 100000, N: 100000}} {
		if got, err := attacks.ParseShard(text); err != nil || got != want || got.String() != text {
			t.Errorf("%q: want %v, got %v written %q, %v", text, want, got, got, err)
		}
	}
	for _, text := range []string{"0/8", "9/8", "2", "2/", "/8", "2/8/3", "-1/8", "a/b", "2/100001", "02/8", "+2/8", " 2/8", "2 /8", "1.0/2", "/", "99999999999999999999/99999999999999999999"} {
		if got, err := attacks.ParseShard(text); err == nil {
			t.Errorf("%q: want an error, got %v", text, got)
		}
	}
}
