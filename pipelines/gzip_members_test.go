package pipelines

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func TestGzipMembers(t *testing.T) {
	member := func(text string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, text)
		z.Close()
		return b.Bytes()
	}
	two := append(member("hello "), member("world")...)
	for name, c := range map[string]struct {
		raw  []byte
		want string
		good bool
	}{
		"one":           {member("hello"), "hello", true},
		"empty":         {member(""), "", true},
		"two":           {two, "hello world", true},
		"padding":       {append(bytes.Clone(two), make([]byte, 1000)...), "hello world", true},
		"other bytes":   {append(bytes.Clone(two), 0, 0, 1), "hello world", false},
		"cut":           {two[:len(two)-3], "hello world", false},
		"padding after": {append(append(member("hello "), 0, 0), member("world")...), "hello world", true},
	} {
		g, err := newGzipMembers(bufio.NewReader(bytes.NewReader(c.raw)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(g)
		if string(got) != c.want || (err == nil) != c.good {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
