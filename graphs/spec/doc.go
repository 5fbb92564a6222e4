// Package spec reads and writes values in the form of a configuration text: a
// name and, in brackets, the keys that differ from their defaults,
//
//	pgd(loss=margin,steps=100,eps=.01 8/255)
//
// It is the one grammar for attacks, adversarial training, encoders and heads.
// A value is a struct; a field with the tag `key` is a key of the text. It
// imports the standard library only.
//
// Tags of a field:
//
//	key       name of the key
//	default   text of the value where the key is not given; without it the zero value
//	required  example of a value; the key must be given
//	in        range of a number: [0,1], (0,1], [0,inf); without it [0,1e9]
//	oneof     the words allowed, separated by spaces
//	help      one line that says what it is
//
// Types of a field: float32, float64, int, []int (numbers separated by spaces),
// uint64, bool, kinds of string, and types that implement
// encoding.TextMarshaler and encoding.TextUnmarshaler. Numbers may be fractions
// such as 8/255. The keys of embedded structs are keys of the struct that embeds
// them.
package spec
