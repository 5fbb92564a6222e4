package npz

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// zeros is an .npy header and n zeros after it.
func zeros(shape string, n int64) io.Reader {
	header := "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }\n"
	return io.MultiReader(strings.NewReader("\x93NUMPY\x01\x00"+string([]byte{byte(len(header)), 0})+header), io.LimitReader(zeroReader{}, n))
}

type zeroReader struct{}

func (zeroReader) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// archive is a zip of arrays.
func archive(t testing.TB, names []string, content func(i int) io.Reader) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, content(i)); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	return b.Bytes()
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What a reader does not expect is refused by its headers, whatever the file
// would take.
func TestDecodeRefusesBombs(t *testing.T) {
	const big = 8 << 20
	shape := fmt.Sprintf("%d,", big/4)
	for name, c := range map[string]struct {
		names []string
		shape string
		bytes int64
		most  int64
		want  []Want
		says  string
	}{
		"more rows":      {[]string{"a.npy"}, shape, big, 1 << 30, []Want{{"a", KindFloat32, 1000, nil}}, "want values <f4 of shape [0..1000], got <f4 of [2097152]"},
		"other shape":    {[]string{"a.npy"}, "2, 1048576", big, 1 << 30, []Want{{"a", KindFloat32, 1000, []int{4}}}, "of shape [0..1000 4], got <f4 of [2 1048576]"},
		"in all":         {[]string{"a.npy", "b.npy"}, shape, big, big, []Want{{"a", KindFloat32, big, nil}, {"b", KindFloat32, big, nil}}, "want at most 8388608 bytes of values in all"},
		"another array":  {[]string{"c.npy"}, shape, big, 1 << 30, []Want{{"a", KindFloat32, big, nil}}, "want one of a"},
		"many arrays":    {strings.Split(strings.Repeat("a,", 999)+"a", ","), "1,", 4, 1 << 30, []Want{{"a", KindFloat32, big, nil}}, "want 1 arrays, got 1000"},
		"twice":          {[]string{"a.npy", "a.npy"}, "1,", 4, 1 << 30, []Want{{"a", KindFloat32, big, nil}, {"b", KindFloat32, big, nil}}, "got it twice"},
		"more values":    {[]string{"a.npy"}, "1,", big, 1 << 30, []Want{{"a", KindFloat32, big, nil}}, "4 bytes of values and no more"},
		"fewer values":   {[]string{"a.npy"}, shape, 1 << 10, 1 << 30, []Want{{"a", KindFloat32, big, nil}}, "want 8388608 bytes of values, got 1024"},
		"other kind":     {[]string{"a.npy"}, "1,", 4, 1 << 30, []Want{{"a", KindInt32, big, nil}}, "want values <i4"},
		"all but a name": {[]string{"a"}, "3,", 4, 1 << 30, []Want{{"a", KindFloat32, big, nil}}, "want 12 bytes"},
	} {
		raw := archive(t, c.names, func(int) io.Reader { return zeros(c.shape, c.bytes) })
		var err error
		if took := allocated(func() { _, err = Decode(raw, c.most, c.want...) }); took > 2<<20 {
			t.Errorf("%s: took %d bytes for a file of %d", name, took, len(raw))
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 300 {
			t.Errorf("%s: want an error that says %q, got %v", name, c.says, err)
		}
	}
}

// FuzzDecodeFile: whatever the bytes of a file are, there is an error or what was
// wanted, and no more memory than that.
func FuzzDecodeFile(f *testing.F) {
	good, err := Encode(Float32("a", []float32{1, 2, 3}, 3), Int32("b", []int32{1, 2}, 1, 2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(archive(f, []string{"a.npy", "b.npy"}, func(int) io.Reader { return zeros("5,", 20) }))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var all map[string]Array
		var err error
		took := allocated(func() {
			all, err = Decode(raw, 1<<12, Want{"a", KindFloat32, 9, nil}, Want{"b", KindInt32, 9, []int{2}})
		})
		if took > 1<<22+64*uint64(len(raw)) {
			t.Errorf("took %d bytes for %d", took, len(raw))
		}
		if err == nil && (len(all) != 2 || len(all["a"].Float32s()) != all["a"].Shape()[0] || len(all["b"].Int32s()) != 2*all["b"].Shape()[0]) {
			t.Errorf("got %+v", all)
		}
	})
}
