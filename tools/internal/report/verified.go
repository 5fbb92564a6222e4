package report

import (
	"fmt"
	"math"

	"unwarp/attacks/checks"
	"unwarp/tools/internal/printable"
	"unwarp/trainer"
)

// describeVerified says for how many images it is proven that they stay right.
func describeVerified(v trainer.Verified) string {
	low, high := checks.Wilson(int(math.Round(v.Accuracy*float64(v.Images))), v.Images)
	return fmt.Sprintf("%.2f %% of %s (95 %% interval %.2f to %.2f): proven by %s that no change up to %.4g in %s alters their class",
		100*v.Accuracy, printable.Count(v.Images, "image"), 100*low, 100*high, v.Method, v.Eps, v.Norm)
}
