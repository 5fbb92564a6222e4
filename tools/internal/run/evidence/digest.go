package evidence

import (
	"fmt"
	"strings"
)

// ClaimDigest compares the SHA-256 of the whole file with that which its author published,
// want, in hexadecimal; "" is none. Nothing else protects the manifest: who can write one can
// write one that fits another evaluation.
func (b *Bundle) ClaimDigest(want string) Claim {
	c := Claim{What: "digest", Outcome: Holds, Detail: fmt.Sprintf("the file is the one whose SHA-256 was given, %.16s…", b.SHA256)}
	switch {
	case want == "":
		c.Outcome = NotRecomputed
		c.Detail = fmt.Sprintf("that the author made this file: the manifest protects the other files, and nothing in it the manifest; compare its SHA-256 %s with the published one by --digest", b.SHA256)
	case !strings.EqualFold(want, b.SHA256):
		c.Outcome = Fails
		c.Detail = fmt.Sprintf("want a file with the SHA-256 %s, got %s: it is another one, or was changed", want, b.SHA256)
	}
	return c
}

// CheckDigest refuses what is no SHA-256 in hexadecimal; "" is none.
func CheckDigest(text string) error {
	if text != "" && (len(text) != 64 || strings.Trim(strings.ToLower(text), "0123456789abcdef") != "") {
		return fmt.Errorf("want a SHA-256 of 64 hexadecimal digits, as unwarp attack --bundle prints it, got %d characters", len(text))
	}
	return nil
}
