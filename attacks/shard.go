package attacks

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shard is a part of the images of an evaluation: number K, from 1, of N. The
// zero value is all images.
type Shard struct{ K, N int }

// MaxShards is the largest number of shards of an evaluation.
const MaxShards = 100_000

// ParseShard reads a shard as 2/8, the second of eight; "" is all images.
func ParseShard(text string) (Shard, error) {
	if text == "" {
		return Shard{}, nil
	}
	k, n, _ := strings.Cut(text, "/")
	s := Shard{parseShardNumber(k), parseShardNumber(n)}
	if s.N < 1 || s.N > MaxShards || s.K < 1 || s.K > s.N {
		return Shard{}, fmt.Errorf("want K/N, such as 2/8 for the second of eight shards, K from 1 to N and N at most %d, got %.40q", MaxShards, text)
	}
	return s, nil
}

// parseShardNumber reads decimal digits, so that a shard has one spelling; 0
// where the text is anything else.
func parseShardNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text {
		return 0
	}
	return n
}

// String is the shard as [ParseShard] reads it.
func (s Shard) String() string {
	if s.IsWhole() {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.K, s.N)
}

// IsWhole tells whether the shard is all images.
func (s Shard) IsWhole() bool { return s.N == 0 }

// Images are the places of the shard's images among those with the given labels,
// ascending. All shards of one N hold each image once; their sizes, and the
// numbers of images of each class in them, differ by at most 1, in whatever order
// the images are. It depends on nothing but the labels.
func (s Shard) Images(labels []int32) []int {
	order := make([]int, len(labels))
	for i := range order {
		order[i] = i
	}
	if s.IsWhole() {
		return order
	}
	// Images are dealt out like cards, class after class: a stride over the set
	// itself would meet one class where classes alternate.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(labels[a], labels[b]) })
	var own []int
	for k := s.K - 1; k < len(order); k += s.N {
		own = append(own, order[k])
	}
	slices.Sort(own)
	return own
}
