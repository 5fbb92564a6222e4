package progress

import "unwarp/trainer"

// runningMean is the mean over the steps so far, of which later ones weigh more: a
// batch of 16 alone jumps by 6 %.
type runningMean struct{ sum, weight float64 }

// keptShare is what each step leaves of the weight of those before it: about the
// last 20 steps count.
const keptShare = .95

func (m *runningMean) add(x float64) float64 {
	m.sum, m.weight = keptShare*m.sum+x, keptShare*m.weight+1
	return m.sum / m.weight
}

// smoothAccuracy is the accuracy on the images of the last steps, in [0,1].
func (t *Training) smoothAccuracy(at trainer.Progress) float64 {
	return t.accuracy.add(float64(at.Losses.Accuracy))
}
