// Package journal keeps the state of a long computation on disk, a line for each
// result, so that it can go on after an interruption. The attack engine and the
// certificates of package certify use it.
//
// Each line is a JSON object that begins with the checksum of the rest of the
// line. The first line holds the identity of the computation, and the checksums
// of the others count on from it: a line of another journal does not pass. A last
// line that was cut off by a crash is dropped; damage elsewhere is an error.
package journal
