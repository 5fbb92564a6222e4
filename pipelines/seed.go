package pipelines

import "math/rand/v2"

// Seed names a stream of random numbers. Further seeds are derived from it, never drawn:
//
//	Seed(7).Split("augment", epoch, index)
//
// The same path always gives the same numbers, whoever asks and in whatever order.
type Seed uint64

// goldenGamma is 2^64 divided by the golden ratio, the increment of splitmix64.
const goldenGamma = 0x9e3779b97f4a7c15

// Split derives the seed of a purpose and of coordinates within it. Different names, coordinates or
// numbers of coordinates give unrelated seeds.
func (s Seed) Split(purpose string, at ...int) Seed {
	// FNV-1a turns the name into a number; splitmix64 mixes every part in turn.
	name := uint64(0xcbf29ce484222325)
	for i := range len(purpose) {
		name = (name ^ uint64(purpose[i])) * 0x100000001b3
	}
	h := mixBits(uint64(s) + goldenGamma)
	h = mixBits((h ^ name) + goldenGamma)
	for _, v := range at {
		h = mixBits((h ^ uint64(v)) + goldenGamma)
	}
	return Seed(h)
}

// Rand returns a generator for this seed.
func (s Seed) Rand() *rand.Rand {
	return newGenerator().reseed(s)
}

// mixBits is the finaliser of splitmix64 (Steele, Lea, Flood 2014), a bijection on 64 bits.
func mixBits(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// generator is a random generator that can be set to one seed after another without allocating.
type generator struct {
	pcg  rand.PCG
	rand *rand.Rand
}

func newGenerator() *generator {
	g := new(generator)
	g.rand = rand.New(&g.pcg)
	return g
}

// reseed restarts the generator at seed s.
func (g *generator) reseed(s Seed) *rand.Rand {
	g.pcg.Seed(uint64(s), mixBits(uint64(s)^goldenGamma))
	return g.rand
}
