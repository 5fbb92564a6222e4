// Package format is the ONNX file format: messages of the public schema
// onnx.proto, their field numbers, reading and writing. It knows nothing of what
// operators compute, and holds the fields that this program reads or writes.
//
// [Parse] is for files of others. It refuses what is cut off or contradicts
// itself, and its memory is bounded by a multiple of the file's size.
package format
