package pipelines

import (
	"bufio"
	"compress/gzip"
	"io"
)

// gzipMembers reads the members of a gzip file one after another. Zeros after the last one are padding, as for the
// program gzip; the package compress/gzip refuses them.
type gzipMembers struct {
	in     *bufio.Reader
	member *gzip.Reader
}

func newGzipMembers(in *bufio.Reader) (*gzipMembers, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipMembers{in, z}, nil
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := g.member.Read(p)
		if n > 0 && err == io.EOF {
			err = nil // the next call finds the end again
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
		if err := g.skipZeros(); err != nil {
			return 0, err
		}
		if err := g.member.Reset(g.in); err != nil {
			return 0, err
		}
		g.member.Multistream(false)
	}
}

// skipZeros skips padding. It is io.EOF where nothing follows.
func (g *gzipMembers) skipZeros() error {
	for {
		b, err := g.in.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return g.in.UnreadByte()
		}
	}
}
