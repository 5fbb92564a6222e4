// Package policy holds the rules of who may import whom, as a test. It imports
// the standard library only.
//
// The rules are the project's layers: graphs and pipelines know nothing of each
// other, attacks and trainer use them, tools use all. Files are parsed, not
// built, so the test runs where the TensorFlow library is not. A change of the
// table is a change of the architecture: make it by itself, with its reason.
package policy
