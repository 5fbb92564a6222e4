package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// downloadRest requests the missing bytes of a file and appends them to its part.
// It returns nil when the part has the file's size.
func (d *Fetcher) downloadRest(ctx context.Context, from string, f File, path string) error {
	have := fileSize(path + partSuffix)
	if have > f.Size {
		removeFiles(path+partSuffix, path+tagSuffix)
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
		if tag, err := os.ReadFile(path + tagSuffix); err == nil && len(tag) > 0 {
			req.Header.Set("If-Range", string(tag)) // another version comes whole
		}
	}
	res, err := d.Client.Do(req)
	if err != nil {
		return connectionError(ctx, from, err)
	}
	defer res.Body.Close()
	first, err := d.checkResponse(res, from, f, path, have)
	if err != nil {
		return err
	}
	err = d.appendBody(ctx, res.Body, from, f, path, first, func() { stall.Reset(d.Stall) })
	var temporary *retryError
	if errors.As(err, &temporary) {
		temporary.restarted = first < have
	}
	return err
}

// checkResponse checks the header of a response, and returns the byte of the file
// at which its body begins.
func (d *Fetcher) checkResponse(res *http.Response, from string, f File, path string, have int64) (int64, error) {
	total := res.ContentLength
	switch res.StatusCode {
	case http.StatusOK:
		have = 0 // the server knows no ranges, or has another version
	case http.StatusPartialContent:
		total = -1 // of the answer alone, unless Content-Range tells the file's; that may say *
		var first, last int64
		if n, _ := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); n < 2 || first != have {
			removeFiles(path+partSuffix, path+tagSuffix)
			return 0, newRetryError("%s: want the bytes from %d on, got %q", from, have, res.Header.Get("Content-Range"))
		}
	case http.StatusRequestedRangeNotSatisfiable:
		removeFiles(path+partSuffix, path+tagSuffix)
		return 0, newRetryError("%s: the server has no bytes from %d on", from, have)
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 0, newRetryError("%s: the server says %s", from, res.Status)
	default:
		return 0, fmt.Errorf("%s: want the file, the server says %s: give another address with --from URL, or fetch %s by hand", from, res.Status, f.Name)
	}
	if total >= 0 && total != f.Size {
		return 0, fmt.Errorf("%s: want a file of %d bytes, the server has one of %d: it is another file: give another address with --from URL", from, f.Size, total)
	}
	if have == 0 {
		removeFiles(path+partSuffix, path+tagSuffix)
	}
	return have, d.saveVersionTag(res, path)
}

// saveVersionTag saves a tag that identifies this version of the file. A weak tag
// (W/) does not: other bytes may have the same.
func (d *Fetcher) saveVersionTag(res *http.Response, path string) error {
	tag := res.Header.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		tag = res.Header.Get("Last-Modified")
	}
	if tag == "" {
		removeFiles(path + tagSuffix)
		return nil
	}
	if err := os.WriteFile(path+tagSuffix, []byte(tag), 0o666); err != nil {
		return writeError(path, err)
	}
	return nil
}

// appendBody appends a body to the part of a file; alive is called when bytes are
// received.
func (d *Fetcher) appendBody(ctx context.Context, body io.Reader, from string, f File, path string, have int64, alive func()) (err error) {
	out, err := os.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return writeError(path, err)
	}
	defer func() {
		if cerr := out.Close(); err == nil && cerr != nil {
			err = writeError(path, cerr)
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			alive()
			if have+int64(n) > f.Size {
				removeFiles(path+partSuffix, path+tagSuffix)
				return fmt.Errorf("%s: want %d bytes, got more: it is another file: removed; give another address with --from URL", from, f.Size)
			}
			if _, err := out.Write(buffer[:n]); err != nil {
				return writeError(path, err)
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
			return newRetryError("%s: want %d bytes, the download was cut off after %d", from, f.Size, have)
		default:
			return connectionError(ctx, from, err)
		}
	}
}
