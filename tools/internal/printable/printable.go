// Package printable makes texts of others, such as names of files and classes,
// safe to print: they cannot move a terminal's cursor, hide what stands beside
// them or break a page.
package printable

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

// Text returns s with every character that no reader can see as such replaced by
// U+FFFD: control characters, those that change the direction of writing, and
// bytes that are not UTF-8. Line ends and tabs become spaces.
func Text(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		return visible(r)
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// visible returns r, or U+FFFD in its place.
func visible(r rune) rune {
	if isHidden(r) {
		return utf8.RuneError
	}
	return r
}

// isHidden tells control characters, those that change the direction of writing,
// and those that are no characters.
func isHidden(r rune) bool {
	switch {
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return true
	case r == '\u2028', r == '\u2029', r == '\ufeff', r&0xfffe == 0xfffe: // separators, byte order mark, noncharacters
		return true
	}
	return false
}

// Width returns the number of columns that s takes on a terminal.
func Width(s string) int { return uniseg.StringWidth(s) }

// Cut returns s, or as much of its beginning as fits into so many columns with an
// ellipsis at its end.
func Cut(s string, columns int) string {
	if Width(s) <= columns {
		return s
	}
	if columns <= 1 {
		return "…"
	}
	return strings.TrimRight(Prefix(s, columns-1), " ") + "…"
}

// Prefix returns as much of the beginning of s as fits into so many columns, and at
// least its first letter.
func Prefix(s string, columns int) string {
	end, width := 0, 0
	for rest, state := s, -1; rest != ""; {
		var letter string
		var w int
		letter, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if width += w; width > columns && end > 0 {
			break
		}
		end += len(letter)
	}
	return s[:end]
}

// NewWriter returns a writer that passes text on to w as [Text] writes it, but with
// its lines and tabs. Close writes what is left of it; it does not close w.
func NewWriter(w io.Writer) io.WriteCloser {
	return transform.NewWriter(w, runes.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}))
}

// JSON returns a JSON text of the same meaning whose strings hold no character that
// [Text] replaces: they are escaped.
func JSON(raw []byte) []byte {
	if bytes.IndexFunc(raw, isEscaped) < 0 {
		return raw
	}
	var b bytes.Buffer
	for _, r := range string(raw) {
		if isEscaped(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}

// isEscaped tells what may stand in a string of JSON alone and is hidden there.
func isEscaped(r rune) bool { return r >= ' ' && r <= 0xffff && isHidden(r) }
