package checks

import (
	"testing"

	"unwarp/attacks"
)

// C26 needs no input, and fails where a defence is not detected.
func TestSelfTest(t *testing.T) {
	expect(t, runChecks(t, Input{}, "C26")["C26"], Pass)
	kept := ObfuscatedDefences
	defer func() { ObfuscatedDefences = kept }()
	ObfuscatedDefences = []Defence{{"no defence", func(v attacks.Victim) attacks.Victim { return v }}}
	expect(t, runChecks(t, Input{}, "C26")["C26"], Fail)
}
