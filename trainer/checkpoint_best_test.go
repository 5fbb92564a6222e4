package trainer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines/files"
)

// best holds the weights, statistics and averages of its step and no optimiser's
// slots: it is read as any checkpoint, takes less room, and cannot be resumed.
func TestBestHoldsWeightsAlone(t *testing.T) {
	in := fullInputs(t.TempDir())
	p, net := declared(t, 7, fullConfig(t), fullModel(), littleShape)
	if _, err := p.Run(t.Context(), net, in); err != nil {
		t.Fatal(err)
	}
	c := Checkpoints{filepath.Join(in.Dir, CheckpointsDir)}
	if err := c.Save(p, net, State{Step: 16}, Best, Last); err != nil {
		t.Fatal(err)
	}
	want := values(t, net)
	sizes := map[string]int64{}
	for _, pointer := range []string{Best, Last} {
		dir, err := c.Path(pointer)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, dataPrefix+".data-00000-of-00001"))
		if err != nil {
			t.Fatal(err)
		}
		sizes[pointer] = info.Size()
	}
	if wrote := CheckpointBytes(net.Vars); sizes[Last] != wrote.Last || sizes[Best] != wrote.Best || wrote.Best >= wrote.Last {
		t.Errorf("want %+v bytes, got %v", wrote, sizes)
	}
	other, fresh := declared(t, 8, fullConfig(t), fullModel(), littleShape)
	before := values(t, fresh)
	if _, err := c.Load(other, fresh, Best); err != nil {
		t.Fatal(err)
	}
	for path, got := range values(t, fresh) {
		from := want
		if fresh.Vars.Find(path).Kind == graphs.Slot {
			from = before
		}
		graphtest.Equal(t, path, got, from[path])
	}
	dir, _ := c.Path(Best)
	if err := files.Write(filepath.Join(c.Dir, Last), []byte(filepath.Base(dir)+"\n")); err != nil {
		t.Fatal(err)
	}
	in.Resume, in.Identity = true, ""
	_, err := other.Run(t.Context(), fresh, in)
	graphtest.Says(t, err, "want a checkpoint to resume from, got step-00000016-best", ", which holds the weights alone")
	if len(err.Error()) > 299 {
		t.Errorf("%d characters: %v", len(err.Error()), err)
	}
}

// Checkpoints of earlier versions, in which best has slots too, are read.
func TestBestOfEarlierVersions(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Last)
	if err := files.Write(filepath.Join(f.Dir, Best), []byte("step-00000003\n")); err != nil {
		t.Fatal(err)
	}
	f.save(t, 4, Last)
	f.want(t, "best last step-00000003 step-00000004")
	if st, err := f.Load(f.p, f.net, Best); err != nil || st.Step != 3 {
		t.Errorf("want step 3, got %+v, %v", st, err)
	}
	if err := os.Remove(filepath.Join(f.Dir, Last)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(f.p, f.net, Last); err == nil || !strings.Contains(err.Error(), "write step-00000004") {
		t.Errorf("want advice, got %v", err)
	}
}
