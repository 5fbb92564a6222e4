package progress

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"unwarp/pipelines"
	"unwarp/trainer"
)

func TestFit(t *testing.T) {
	for _, row := range []struct {
		room int
		want string
	}{{100, "training epoch 12 loss 0.123"}, {28, "training epoch 12 loss 0.123"}, {27, "training epoch 12 loss"}, {17, "training epoch 12"}, {14, "training epoch"}, {8, "training"}, {0, "training"}} {
		if got := fit("training", "epoch 12 loss 0.123", row.room); got != row.want {
			t.Errorf("%d columns: want %q, got %q", row.room, row.want, got)
		}
	}
}

func TestPlainLines(t *testing.T) {
	var b bytes.Buffer
	bar := New(&b, "training", "images", 200, 100)
	bar.Set(110, "loss 2") // at once: no rate yet
	bar.last, bar.start = time.Time{}, bar.start.Add(-2*time.Second)
	bar.Set(150, "loss 1.5")
	bar.Set(160, "") // too soon for another line
	bar.Note("step %d: fine", 3)
	bar.Done()
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 3 || lines[0] != "training: 110 of 200 images (55%), loss 2" || lines[2] != "step 3: fine" {
		t.Fatalf("got %q", lines)
	}
	for _, want := range []string{"training: 150 of 200 images (75%), 25 images/s, 2s left, loss 1.5"} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("want %q in %q", want, lines[1])
		}
	}
	if strings.ContainsAny(b.String(), "\r\x1b") {
		t.Errorf("control characters where there is no terminal: %q", b.String())
	}
}

func TestReading(t *testing.T) {
	src, err := pipelines.NewGlyphs(1, "test", 50, 8)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	counted, done := Reading(&b, "reading", src)
	var all sync.WaitGroup
	for w := range 5 {
		all.Go(func() {
			pixels := make([]uint8, 64)
			for i := range 10 {
				if _, err := counted.At(10*w+i, pixels); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	done()
	if n := counted.(*counting).n.Load(); n != 50 {
		t.Errorf("want 50 counted, got %d", n)
	}
	if counted.Len() != 50 || counted.Classes() != 10 {
		t.Errorf("not the same source: %v", counted)
	}
}

// A job that is over at once shows nothing; another one begins anew.
func TestCounting(t *testing.T) {
	var b bytes.Buffer
	count := Counting(&b, "reading", "images")
	count(7, 7)
	if b.Len() > 0 {
		t.Errorf("want nothing for a short job, got %q", b.String())
	}
	count(2, 8)
	count(8, 8)
	count(1, 4)
	count(4, 4)
	if lines := strings.Split(strings.TrimSpace(b.String()), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[0], "reading: 2 of 8 images (25%)") || !strings.HasPrefix(lines[1], "reading: 1 of 4 images (25%)") {
		t.Errorf("got %q", lines)
	}
}

func TestDescribeReplicas(t *testing.T) {
	all := []trainer.ReplicaProgress{{Name: "a:1", ImagesPerSecond: 120.4, Waiting: .031}, {Name: "b:1", ImagesPerSecond: 80, Waiting: .4}}
	if got := describeReplicas(all); got != ", a:1 120/s waits 3%, b:1 80/s waits 40%" {
		t.Errorf("got %q", got)
	}
	if got := describeReplicas(append(all, all[0], all[0], all[0])); got != ", 5 replicas 80 to 120/s, waiting 3 to 40%" {
		t.Errorf("got %q", got)
	}
	if got := describeReplicas(nil); got != "" {
		t.Errorf("got %q", got)
	}
}
