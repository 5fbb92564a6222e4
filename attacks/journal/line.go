package journal

import (
	"bytes"
	"fmt"
	"hash/crc32"
)

// A line is sumBefore, 8 hexadecimal digits, sumAfter and the rest of an object.
const (
	sumBefore = `{"crc":"`
	sumAfter  = `",`
	sumDigits = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is that of a line's body, counted on from the first line's.
func checksum(head uint32, body []byte) uint32 { return crc32.Update(head, castagnoli, body) }

// closeLine is the line with a body, an object in JSON.
func closeLine(head uint32, object []byte) []byte {
	body := object[1:]
	return append(fmt.Appendf(nil, "%s%08x%s", sumBefore, checksum(head, body), sumAfter), append(body, '\n')...)
}

// openLine splits a line into checksum and body.
func openLine(line []byte) (sum uint32, body []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(sumBefore))
	if !ok || len(rest) < sumDigits {
		return 0, nil, false
	}
	if _, err := fmt.Sscanf(string(rest[:sumDigits]), "%08x", &sum); err != nil {
		return 0, nil, false
	}
	body, ok = bytes.CutPrefix(rest[sumDigits:], []byte(sumAfter))
	return sum, body, ok
}

// object is what a line's body was taken from.
func object(body []byte) []byte { return append([]byte("{"), body...) }
