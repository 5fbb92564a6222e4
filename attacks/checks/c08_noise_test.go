package checks

import "testing"

func TestNoise(t *testing.T) {
	enough := func(in *Input) { in.N, in.Draws = 10, 10000 }
	expect(t, checkModel(t, robustNet().victim(0), enough, "C08")["C08"], Pass)
	expect(t, checkModel(t, robustNet().victim(0), func(in *Input) { in.N, in.Draws = 10, 10 }, "C08")["C08"], Warn)
	// At an eps at which noise succeeds on some images, a gradient that is zero
	// succeeds on none.
	expect(t, checkModel(t, Quantised(plainNet().victim(0), 8), func(in *Input) { in.Eps, in.Draws = .4, 200 }, "C08")["C08"], Fail)
}
