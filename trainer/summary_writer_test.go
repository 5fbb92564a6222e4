package trainer

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	event "github.com/wamuir/graft/tensorflow/core/util/event_go_proto"
	"google.golang.org/protobuf/proto"
)

// readEvents reads TensorBoard's format from its description: records of
// length (8 bytes), masked CRC32-C of the length, data, masked CRC32-C of the
// data, each data an Event. The last record of a killed writer may be cut off.
func readEvents(t *testing.T, path string) []*event.Event { return readRecords(t, path, false) }

func readRecords(t *testing.T, path string, killed bool) []*event.Event {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(b []byte) uint32 {
		c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
		return (c>>15 | c<<17) + 0xa282ead8
	}
	var out []*event.Event
	for len(raw) > 0 {
		if killed && (len(raw) < 16 || uint64(len(raw)) < 16+binary.LittleEndian.Uint64(raw)) {
			return out
		}
		if len(raw) < 16 {
			t.Fatalf("%s: %d bytes left over", path, len(raw))
		}
		n := binary.LittleEndian.Uint64(raw)
		if sum(raw[:8]) != binary.LittleEndian.Uint32(raw[8:]) || uint64(len(raw)) < 16+n {
			t.Fatalf("%s: record %d: bad length", path, len(out))
		}
		data := raw[12 : 12+n]
		if sum(data) != binary.LittleEndian.Uint32(raw[12+n:]) {
			t.Fatalf("%s: record %d: bad checksum", path, len(out))
		}
		e := &event.Event{}
		if err := proto.Unmarshal(data, e); err != nil {
			t.Fatal(err)
		}
		out, raw = append(out, e), raw[16+n:]
	}
	return out
}

// checkSummaries: the scalars of a run of fullConfig.
func checkSummaries(t *testing.T, dir string, seen *recorder) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, EventsDir, "*tfevents*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("want one event file, got %v, %v", files, err)
	}
	all := readEvents(t, files[0])
	if v := all[0].GetFileVersion(); v != "brain.Event:2" {
		t.Errorf("want a file that opens with its version, got %q", v)
	}
	got := map[string]float32{}
	for _, e := range all[1:] {
		for _, v := range e.GetSummary().GetValue() {
			x := v.GetSimpleValue()
			if tensor := v.GetTensor(); tensor != nil {
				x = tensor.GetFloatVal()[0]
			}
			key := fmt.Sprint(v.GetTag(), " ", e.GetStep())
			if _, twice := got[key]; twice {
				t.Errorf("%s is written twice", key)
			}
			got[key] = x
		}
	}
	var want []string
	for _, step := range []int{5, 10, 15, 16} {
		for _, tag := range []string{"loss", "classification", "reconstruction", "code_change", "embedding_spread", "accuracy", "gradient_norm", "rate", "images_per_second"} {
			key := fmt.Sprintf("train/%s %d", tag, step)
			want = append(want, key)
			if !(got[key] > 0) {
				t.Errorf("%s is %g", key, got[key])
			}
		}
		if key := fmt.Sprint("train/loss ", step); got[key] != seen.loss[step-1] {
			t.Errorf("%s: want %g, got %g", key, seen.loss[step-1], got[key])
		}
	}
	for _, step := range []int{6, 12, 16} {
		for tag, x := range map[string]float64{"accuracy": seen.evals[step].Accuracy, "loss": seen.evals[step].Loss} {
			key := fmt.Sprintf("validation/%s %d", tag, step)
			want = append(want, key)
			if got[key] != float32(x) {
				t.Errorf("%s: want %g, got %g", key, x, got[key])
			}
		}
	}
	if len(got) != len(want) {
		t.Errorf("want %d scalars, got %d", len(want), len(got))
	}
	for _, key := range want {
		if _, ok := got[key]; !ok {
			t.Errorf("no %s", key)
		}
	}
}
