package attacks

import (
	"math"
	"math/rand/v2"
	"strconv"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Random moves every pixel by ±eps with random signs, the same signs at every
// eps. It uses no gradient: what it breaks, any gradient attack must break
// too, or its gradient says nothing about the classifier.
type Random struct {
	Eps  []float32
	Seed uint64
}

func (a Random) String() string {
	if a.Seed == 0 {
		return describe("random", a.Eps)
	}
	return describe("random", a.Eps, "seed="+strconv.FormatUint(a.Seed, 10))
}

// Radii are the attack's own eps.
func (a Random) Radii() []float32 { return a.Eps }

// Follows is "": no gradient is used.
func (a Random) Follows() Loss { return "" }

// Plan is one step of eps.
func (a Random) Plan(eps float32) (int, float32) { return 1, eps }

func (a Random) run(r *runner, batch Set, eps []float32, propose func(int, *tf.Tensor) error) error {
	n := r.Victim.pixels()
	d, err := graphs.NewBuffer(tf.Float, int64(batch.Len()), int64(r.Victim.H), int64(r.Victim.W), int64(r.Victim.C))
	if err != nil {
		return err
	}
	unit := float32(1)
	if r.Threat.Norm == L2 {
		unit = float32(1 / math.Sqrt(float64(n)))
	}
	signs := d.Float32()
	for i, index := range batch.Index {
		// Keyed by the image's place: the batch size does not matter.
		g := rand.New(rand.NewPCG(a.Seed, uint64(index)))
		for k := range n {
			signs[i*n+k] = unit
			if g.Uint64()&1 == 0 {
				signs[i*n+k] = -unit
			}
		}
	}
	return alongEach(r, d.Tensor, eps, propose)
}
