package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"unwarp/tools/internal/setup/ctxio"
)

// A file on its way is NAME.part, and NAME.part.tag holds the server's word for
// the version that it is a part of.
const (
	partEnd = ".part"
	tagEnd  = ".part.tag"
)

// Fetcher downloads files.
type Fetcher struct {
	Client *http.Client
	// Tries is how often in a row a download may fail before it is given up;
	// whenever bytes come the count begins anew. Pause is the first wait
	// between two, doubled each time up to 16 times its length.
	Tries int
	Pause time.Duration
	// Stall is how long a server may send nothing.
	Stall time.Duration
	// Progress is told how much of a file there is, and Note what went wrong
	// before another try. Both may be nil.
	Progress func(f File, done int64)
	Note     func(format string, args ...any)
}

// New is a fetcher with the usual patience.
func New() *Fetcher {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 30 * time.Second
	t.DisableCompression = true // the bytes are wanted as they are stored
	return &Fetcher{Client: &http.Client{Transport: t}, Tries: 5, Pause: time.Second, Stall: 30 * time.Second}
}

// Fetch gets all files of a set into the folder dir, which it makes. What is
// there already, complete, is left alone.
func (d *Fetcher) Fetch(ctx context.Context, s Set, dir string) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: want a folder to write to: %w: choose another", dir, reason(err))
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	for _, f := range s.Files {
		if err := d.file(ctx, s.Address, f, dir); err != nil {
			return err
		}
	}
	return nil
}

// file gets one file, and unpacks it if that is wanted.
func (d *Fetcher) file(ctx context.Context, address string, f File, dir string) error {
	path := filepath.Join(dir, f.Name)
	for _, p := range []string{path, path + partEnd} {
		if info, err := os.Stat(p); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%s: want a file, got a folder or device: move it away and fetch again", p)
		}
	}
	if f.Unpack != "" {
		if there, err := unpacked(filepath.Join(dir, f.Unpack), f); there || err != nil {
			return err
		}
	}
	if _, err := os.Lstat(path); err == nil {
		if err := verify(ctx, path, f); err != nil {
			return err
		}
	} else if err := d.download(ctx, address, f, path); err != nil {
		return err
	}
	if f.Unpack == "" {
		return nil
	}
	if err := unpack(ctx, path, f, dir); err != nil {
		return err
	}
	return os.Remove(path) // its content is there
}

// mismatchError says that a whole file is not the one of the catalogue.
type mismatchError struct{ text string }

func (e *mismatchError) Error() string { return e.text }

// verify compares a whole file with its checksum.
func verify(ctx context.Context, path string, f File) error {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s: want a readable file: %w: check its permissions", path, reason(err))
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, ctxio.Reader{Ctx: ctx, Reader: in})
	if err != nil {
		return err
	}
	if n != f.Size {
		return &mismatchError{fmt.Sprintf("%s: want %d bytes, got %d: another file of that name, or a damaged one: remove it and fetch again", path, f.Size, n)}
	}
	if sum := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(sum, f.SHA256) {
		return &mismatchError{fmt.Sprintf("%s: want SHA-256 %s, got %s: another file of that name, or a damaged one: remove it and fetch again", path, f.SHA256, sum)}
	}
	return nil
}

// download gets a file, in as many tries as it takes, and gives it its name once
// it is right.
func (d *Fetcher) download(ctx context.Context, address string, f File, path string) error {
	from, err := url.JoinPath(address, f.Name)
	if err != nil {
		return err
	}
	part := path + partEnd
	pause := d.Pause
	for failed := 0; ; {
		before := size(part)
		err = d.try(ctx, from, f, path)
		var temporary *againError
		errors.As(err, &temporary)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		anew := temporary != nil && temporary.anew
		if size(part) > before && !anew {
			failed, pause = 0, d.Pause
		}
		if failed++; temporary == nil || failed >= d.Tries {
			switch n := size(part); {
			case temporary == nil:
				return err
			case anew:
				return fmt.Errorf("%w: asked for the rest it sends all of the file from the start, so going on will not help: give another address with --from URL, or fetch %s by hand", err, f.Name)
			case n > 0:
				return fmt.Errorf("%w: %d of %d bytes are kept in %s; give the same command to go on", err, n, f.Size, part)
			}
			return fmt.Errorf("%w: try later, or another address with --from URL", err)
		}
		if d.Note != nil {
			d.Note("%v; trying again in %v", err, pause)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 16*d.Pause)
	}
	if err := verify(ctx, part, f); err != nil {
		var wrong *mismatchError
		if errors.As(err, &wrong) {
			remove(part, path+tagEnd)
			return fmt.Errorf("%s: what came is not the file of the catalogue: %s, SHA-256 or size differ: removed; try another address (--from) or later", from, f.Name)
		}
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("%s: cannot be named: %w", path, reason(err))
	}
	remove(path + tagEnd)
	return nil
}

// remove removes files that may not be there.
func remove(paths ...string) {
	for _, p := range paths {
		_ = os.Remove(p)
	}
}

// size of a file, 0 if it is not there.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// againError marks what another try may mend.
type againError struct {
	error
	anew bool // the server was asked for the rest and began anew
}

func (e *againError) Unwrap() error { return e.error }

// again makes an againError.
func again(format string, args ...any) error {
	return &againError{error: fmt.Errorf(format, args...)}
}

// try asks for what is missing of a file and appends it to its part. It returns
// nil when the part has the file's size.
func (d *Fetcher) try(ctx context.Context, from string, f File, path string) error {
	have := size(path + partEnd)
	if have > f.Size {
		remove(path+partEnd, path+tagEnd)
		have = 0
	}
	if have == f.Size {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.Stall, func() { cancel(fmt.Errorf("nothing came for %v", d.Stall)) })
	defer stall.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if tag, err := os.ReadFile(path + tagEnd); err == nil && len(tag) > 0 {
			req.Header.Set("If-Range", string(tag)) // another version comes whole
		}
	}
	res, err := d.Client.Do(req)
	if err != nil {
		return unreached(ctx, from, err)
	}
	defer res.Body.Close()
	first, err := d.begin(res, from, f, path, have)
	if err != nil {
		return err
	}
	err = d.take(ctx, res.Body, from, f, path, first, func() { stall.Reset(d.Stall) })
	var temporary *againError
	if errors.As(err, &temporary) {
		temporary.anew = first < have
	}
	return err
}

// begin looks at the head of an answer and tells at which byte its body begins.
func (d *Fetcher) begin(res *http.Response, from string, f File, path string, have int64) (int64, error) {
	total := res.ContentLength
	switch res.StatusCode {
	case http.StatusOK:
		have = 0 // the server knows no ranges, or has another version
	case http.StatusPartialContent:
		total = -1 // of the answer alone, unless Content-Range tells the file's; that may say *
		var first, last int64
		if n, _ := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); n < 2 || first != have {
			remove(path+partEnd, path+tagEnd)
			return 0, again("%s: want the bytes from %d on, got %q", from, have, res.Header.Get("Content-Range"))
		}
	case http.StatusRequestedRangeNotSatisfiable:
		remove(path+partEnd, path+tagEnd)
		return 0, again("%s: the server has no bytes from %d on", from, have)
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 0, again("%s: the server says %s", from, res.Status)
	default:
		return 0, fmt.Errorf("%s: want the file, the server says %s: give another address with --from URL, or fetch %s by hand", from, res.Status, f.Name)
	}
	if total >= 0 && total != f.Size {
		return 0, fmt.Errorf("%s: want a file of %d bytes, the server has one of %d: it is another file: give another address with --from URL", from, f.Size, total)
	}
	if have == 0 {
		remove(path+partEnd, path+tagEnd)
	}
	return have, d.remember(res, path)
}

// remember keeps what tells this version of the file from others. A weak tag
// (W/) does not: it may stand for other bytes.
func (d *Fetcher) remember(res *http.Response, path string) error {
	tag := res.Header.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		tag = res.Header.Get("Last-Modified")
	}
	if tag == "" {
		remove(path + tagEnd)
		return nil
	}
	if err := os.WriteFile(path+tagEnd, []byte(tag), 0o644); err != nil {
		return unwritten(path, err)
	}
	return nil
}

// take appends a body to the part of a file; alive is called whenever bytes come.
func (d *Fetcher) take(ctx context.Context, body io.Reader, from string, f File, path string, have int64, alive func()) (err error) {
	out, err := os.OpenFile(path+partEnd, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return unwritten(path, err)
	}
	defer func() {
		if cerr := out.Close(); err == nil && cerr != nil {
			err = unwritten(path, cerr)
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			alive()
			if have+int64(n) > f.Size {
				remove(path+partEnd, path+tagEnd)
				return fmt.Errorf("%s: want %d bytes, got more: it is another file: removed; give another address with --from URL", from, f.Size)
			}
			if _, err := out.Write(buffer[:n]); err != nil {
				return unwritten(path, err)
			}
			have += int64(n)
			if d.Progress != nil {
				d.Progress(f, have)
			}
		}
		switch {
		case err == nil:
		case have == f.Size:
			return out.Sync()
		case errors.Is(err, io.EOF):
			return again("%s: want %d bytes, the download was cut off after %d", from, f.Size, have)
		default:
			return unreached(ctx, from, err)
		}
	}
}

// unreached says why nothing, or nothing more, came.
func unreached(ctx context.Context, from string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return fmt.Errorf("%s: the server is not known (%w): check the network or give another address with --from URL", from, err)
	}
	return again("%s: no answer or a broken one (%w)", from, err)
}

// unwritten says why a file was not written. What is there is kept.
func unwritten(path string, err error) error {
	return fmt.Errorf("%s: cannot be written: %w: free space or choose another folder with --to; what came is kept in %s", path, reason(err), path+partEnd)
}

// reason is err without the path that the message names already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
