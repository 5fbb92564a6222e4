package pipelines

import (
	"fmt"
	"hash/maphash"
)

// remarkEqualPixels says of the parts beside the training part, in the order of partOrder,
// how many of their images are equal, once decoded, to one that is trained on: the same
// picture in another format, or scaled to the same pixels. Copies of a file to the byte
// have a remark of their own.
func remarkEqualPixels(sets [3]*memorySource) (remarks []string) {
	trained := sets[0]
	if trained == nil {
		return nil
	}
	seed, at := maphash.MakeSeed(), map[uint64]int{}
	for i := range trained.Len() {
		at[maphash.Bytes(seed, trained.example(i))] = i
	}
	for part, s := range sets {
		if s == nil || s == trained {
			continue
		}
		n, pair := 0, ""
		for i := range s.Len() {
			k, equal := at[maphash.Bytes(seed, s.example(i))]
			if !equal || s.hashes[i] == trained.hashes[k] {
				continue
			}
			if n++; n == 1 {
				pair = fmt.Sprintf("%s and %s", displayPath(s.files[i]), displayPath(trained.files[k]))
			}
		}
		if n > 0 {
			remarks = append(remarks, fmt.Sprintf("%d of %d images of the %s part have the pixels of one that is trained on, such as %s, so that the accuracy there is not that of new images: leave one of each out", n, s.Len(), partOrder[part], pair))
		}
	}
	return remarks
}
