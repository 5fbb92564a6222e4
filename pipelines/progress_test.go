package pipelines

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// Progress never falls, never passes the total, and ends there, also where a
// file cannot be decoded.
func TestProgress(t *testing.T) {
	defer func(old time.Duration) { reportEvery = old }(reportEvery)
	reportEvery = 50 * time.Microsecond
	good := joined(photos("train/", 30), photos("test/", 10))
	for name, files := range map[string]map[string][]byte{"good": good, "bad": joined(good, map[string][]byte{"test/cat/bad.png": []byte("no image")})} {
		var calls []int
		want := len(files)
		ctx := WithProgress(t.Context(), func(done, total int) {
			if total != want || done > total {
				t.Errorf("%s: want at most %d of %d, got %d of %d", name, want, want, done, total)
			}
			calls = append(calls, done)
		})
		_, err := Open(ctx, Data{Set: "folder", Path: tree(t, files)})
		if (err == nil) != (name == "good") {
			t.Errorf("%s: %v", name, err)
		}
		if len(calls) < 3 || !slices.IsSorted(calls) || calls[len(calls)-1] != want {
			t.Errorf("%s: want rising numbers up to %d, got %v", name, want, calls)
		}
	}
}

// Decoding ends with its context.
func TestOpenEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Data{Set: "folder", Path: tree(t, photos("", 10))}); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
}
