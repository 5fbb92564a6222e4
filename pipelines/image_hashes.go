package pipelines

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// ImageHashes are 8 bytes of the SHA-256 of each image of a source, as At gives it,
// sorted: enough to know it again in another set. Labels do not count.
type ImageHashes []uint64

// hashImage is the hash of an image.
func hashImage(image []uint8) uint64 {
	sum := sha256.Sum256(image)
	return binary.BigEndian.Uint64(sum[:])
}

// eachHash calls f with the hash of each image of src.
func eachHash(ctx context.Context, src Source, f func(i int, hash uint64)) error {
	image := make([]uint8, src.Shape().Len())
	for i := range src.Len() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := readExample(src, i, image); err != nil {
			return err
		}
		f(i, hashImage(image))
	}
	return nil
}

// Among are the positions of those images of src that are among the hashed ones.
func (h ImageHashes) Among(ctx context.Context, src Source) (found []int, err error) {
	err = eachHash(ctx, src, func(i int, hash uint64) {
		if _, ok := slices.BinarySearch(h, hash); ok {
			found = append(found, i)
		}
	})
	return found, err
}

const hashBytes = 8

// Bytes are the hashes one after the other and the SHA-256 of these, for a file.
func (h ImageHashes) Bytes() []byte {
	raw := make([]byte, 0, hashBytes*len(h)+sha256.Size)
	for _, x := range h {
		raw = binary.BigEndian.AppendUint64(raw, x)
	}
	sum := sha256.Sum256(raw)
	return append(raw, sum[:]...)
}

// ParseImageHashes reads what Bytes wrote.
func ParseImageHashes(raw []byte) (ImageHashes, error) {
	n := len(raw) - sha256.Size
	if n < 0 || n%hashBytes != 0 {
		return nil, fmt.Errorf("want hashes of %d bytes each and a sum of %d, got %d bytes", hashBytes, sha256.Size, len(raw))
	}
	if sum := sha256.Sum256(raw[:n]); !bytes.Equal(sum[:], raw[n:]) {
		return nil, fmt.Errorf("want hashes as they were written, got others: the file was cut or changed")
	}
	raw = raw[:n]
	h := make(ImageHashes, len(raw)/hashBytes)
	for i := range h {
		h[i] = binary.BigEndian.Uint64(raw[hashBytes*i:])
	}
	if !slices.IsSorted(h) {
		return nil, fmt.Errorf("want sorted hashes, got others")
	}
	return h, nil
}
