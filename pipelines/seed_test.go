package pipelines

import "testing"

// The first three outputs of splitmix64 from state 0, as its authors' reference program prints them.
func TestMixIsSplitmix64(t *testing.T) {
	state := uint64(0)
	for _, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f} {
		state += goldenGamma
		if got := mixBits(state); got != want {
			t.Errorf("mix(%#x) = %#x, want %#x", state, got, want)
		}
	}
}

func TestSplitSeparates(t *testing.T) {
	seen := map[Seed]string{}
	add := func(s Seed, path string) {
		if other, ok := seen[s]; ok {
			t.Errorf("%s and %s give the same seed", other, path)
		}
		seen[s] = path
	}
	for _, s := range []Seed{0, 1, 7} {
		add(s, "seed")
		for _, purpose := range []string{"", "a", "b", "ab", "augment"} {
			add(s.Split(purpose), purpose)
			for i := range 50 {
				add(s.Split(purpose, i), purpose)
				for j := range 50 {
					add(s.Split(purpose, i, j), purpose)
				}
			}
		}
	}
}

func TestSplitRepeats(t *testing.T) {
	a, b := Seed(7).Split("augment", 1, 2), Seed(7).Split("augment", 1, 2)
	if a != b {
		t.Fatalf("one path, two seeds: %x and %x", a, b)
	}
	g := newGenerator()
	g.reseed(99).Uint64()
	r, s := a.Rand(), g.reseed(b)
	for range 10 {
		if x, y := r.Uint64(), s.Uint64(); x != y {
			t.Fatalf("one seed, two streams: %x and %x", x, y)
		}
	}
}

func TestSplitDoesNotAllocate(t *testing.T) {
	g := newGenerator()
	n := testing.AllocsPerRun(100, func() { g.reseed(Seed(7).Split("augment", 1000, 100000)) })
	if n != 0 {
		t.Errorf("%v allocations for a split, want none", n)
	}
}
