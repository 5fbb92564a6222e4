package printable

import (
	"fmt"
	"strings"
)

// Count is n of a noun, which ends in a word of the regular kind: 1 image, 2 images, 3 classes.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	end := "s"
	for _, s := range []string{"s", "x", "ch", "sh"} {
		if strings.HasSuffix(noun, s) {
			end = "es"
		}
	}
	return fmt.Sprintf("%d %s%s", n, noun, end)
}
