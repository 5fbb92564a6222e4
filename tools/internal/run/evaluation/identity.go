package evaluation

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"unwarp/attacks"
)

// Identity is a text that names the model, the data and the attacks. An
// evaluation that is resumed must have the same.
func (e *Evaluator) Identity(set attacks.Images) string {
	sum := sha256.New()
	t, o := e.ReferenceModel.Graph.Threat, e.Options
	fmt.Fprintln(sum, t.Norm, t.Lo, t.Hi, o.Eps, o.Exhaustive, e.GradientModel.Net.Precision, o.Keep)
	for _, k := range o.Attacks {
		fmt.Fprintln(sum, attacks.Text(k), attacks.Params(k))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Sources)) {
		fmt.Fprintln(sum, name)
	}
	return fmt.Sprintf("model %.12s, data %.12s, attacks %.12s", e.Weights, hashData(set), hex.EncodeToString(sum.Sum(nil)))
}

// hashData is the SHA-256 of all images and labels, in hexadecimal.
func hashData(set attacks.Images) string {
	sum := sha256.New()
	raw := make([]byte, 0, 4*len(set.Pixels))
	for _, v := range set.Pixels {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	sum.Write(raw)
	for _, l := range set.Labels {
		fmt.Fprintln(sum, l)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
