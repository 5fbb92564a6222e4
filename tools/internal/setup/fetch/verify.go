package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/setup/ctxio"
)

// mismatchError says that a complete file is not the one of the catalogue.
type mismatchError struct{ text string }

func (e *mismatchError) Error() string { return e.text }

// verifyChecksum compares a whole file with its checksum.
func verifyChecksum(ctx context.Context, path string, f File) error {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s: want a readable file: %w: check its permissions", path, files.Cause(err))
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
