package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"unwarp/attacks"
	"unwarp/tools/internal/printable"
)

// worstCaseName names the accuracy under the worst attack for each image.
func worstCaseName(claim bool) string {
	if claim {
		return "robust accuracy, upper bound"
	}
	return "worst case per image"
}

// listSome lists the first few of many.
func listSome(all []string) string {
	const few = 6
	if len(all) > few {
		return strings.Join(all[:few], ", ") + fmt.Sprintf(" and %d more", len(all)-few)
	}
	return strings.Join(all, ", ")
}

// describeChange says what the attacker may do.
func describeChange(norm attacks.Norm, eps float32) string {
	switch norm {
	case attacks.L2:
		return "changing an image by a Euclidean length of at most " + formatEps(eps)
	case attacks.L1:
		return "changing pixels by absolute values that add up to at most " + formatEps(eps)
	}
	return "changing each pixel by at most " + formatEps(eps)
}

// describeNorm explains a norm.
func describeNorm(norm attacks.Norm) string {
	switch norm {
	case attacks.Linf:
		return "L∞: the largest change of a pixel value"
	case attacks.L2:
		return "L2: the Euclidean length of the change"
	case attacks.L1:
		return "L1: the sum of all changes"
	case attacks.L0:
		return "L0: the number of changed values"
	}
	return shortName(string(norm))
}

func normSymbol(norm attacks.Norm) string {
	if s, ok := map[attacks.Norm]string{attacks.Linf: "L∞", attacks.L2: "L2", attacks.L1: "L1", attacks.L0: "L0"}[norm]; ok {
		return s
	}
	return shortName(string(norm))
}

// describeAttacks counts the attacks.
func describeAttacks(n int) string {
	if n == 1 {
		return "this attack"
	}
	return fmt.Sprintf("these %d attacks together", n)
}

// boundSuffix says that a share is an upper bound, unless it is 0.
func boundSuffix(r Rate) string {
	if r.Count == 0 {
		return ""
	}
	return " or less"
}

// formatEps writes a radius, as 8/255 where it is such a fraction.
func formatEps(eps float32) string {
	if n := float64(eps) * 255; eps < .5 && n > .5 {
		k := int(n + .5)
		if d := n - float64(k); d < 1e-3 && d > -1e-3 && k%51 != 0 {
			return fmt.Sprintf("%d/255", k)
		}
	}
	return strconv.FormatFloat(float64(eps), 'g', 4, 32)
}

func formatPercent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func countImages(n int) string { return printable.Count(n, "image") }

// isOrAre is the verb for n of something.
func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// wasOrWere is the past of isOrAre.
func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// capitalise begins one of this package's own texts with a capital letter.
func capitalise(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// formatDistance writes a distance, or that there is none.
func formatDistance(d attacks.Distance) string {
	if math.IsInf(float64(validDistance(d)), 1) {
		return "not found"
	}
	return strconv.FormatFloat(float64(d), 'g', 3, 64)
}

// describeImages says which images were evaluated.
func describeImages(f SummaryData) string {
	set := shortName(f.Set)
	if f.Part == "" {
		return fmt.Sprintf("%s of %s", countImages(f.Images), set)
	}
	return fmt.Sprintf("%s of %s", printable.Count(f.Images, shortName(f.Part)+" image"), set)
}

// describeModel names a kind of model; a defence around it follows "behind".
func describeModel(kind string) string {
	kind, defence := SplitDefended(shortName(kind))
	words, ok := map[string]string{"base": "the base CNN", "reconstruction": "the reconstruction ablation", "disentangled": "the disentangled classifier", "imported": "a network of another program", "": "a model"}[kind]
	if !ok {
		words = "the model " + kind
	}
	if defence != "" {
		words += " behind the defence " + defence
	}
	return words
}
