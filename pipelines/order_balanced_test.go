package pipelines

import (
	"fmt"
	"slices"
	"testing"
)

// labelled is a source of so many images of each class.
func labelled(perClass ...int) *memorySource {
	s := &memorySource{name: "labelled", shape: Shape{1, 1, 1}, classes: len(perClass)}
	for class, n := range perClass {
		for range n {
			s.labels = append(s.labels, int32(class))
			s.pixels = append(s.pixels, uint8(len(s.labels)))
		}
	}
	return s
}

// In each epoch every class has the same number of images, give or take one; an image comes again
// only after all others of its class. Epochs differ, and do not depend on where a stream starts or
// on its workers.
func TestBalancedOrder(t *testing.T) {
	src := labelled(30, 3, 0, 8)
	o := Options{Batch: 5, Seed: 4, Shuffle: true, Balanced: true, Epochs: 4, Remainder: true}
	all := collect(t, src, o, -1)
	orders := map[int][]int{}
	for _, b := range all {
		orders[b.Epoch] = append(orders[b.Epoch], b.Index...)
	}
	most := map[int]int{}
	for epoch, order := range orders {
		if len(order) != src.Len() {
			t.Fatalf("epoch %d has %d images, want %d", epoch, len(order), src.Len())
		}
		times, classes := map[int]int{}, make([]int, 4)
		for _, i := range order {
			times[i]++
			classes[src.Label(i)]++
		}
		for _, class := range []int{0, 1, 3} {
			if n := classes[class]; n != 13 && n != 14 {
				t.Errorf("epoch %d: %d images of class %d, want 13 or 14", epoch, n, class)
			}
			most[class] = max(most[class], classes[class])
			low, high := 99, 0
			for i := range src.Len() {
				if src.Label(i) == class {
					low, high = min(low, times[i]), max(high, times[i])
				}
			}
			if high-low > 1 {
				t.Errorf("epoch %d: images of class %d come %d to %d times", epoch, class, low, high)
			}
		}
	}
	if fmt.Sprint(most) != "map[0:14 1:14 3:14]" {
		t.Errorf("one class always has one more: %v", most)
	}
	if slices.Equal(orders[0], orders[1]) || slices.IsSorted(orders[0]) {
		t.Error("epochs are not shuffled anew")
	}
	o.Start, o.Workers = 12, 5
	if !same(collect(t, src, o, -1), all[12:]) {
		t.Error("a stream that starts later has another order")
	}
}
