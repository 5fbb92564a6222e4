package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// awkward are arguments that a shell reads as something else.
var awkward = []string{
	"", " ", "two  spaces", "it's", `say "no"`, "$HOME", "`id`", "a;b", "a&&b", "!!", "#2", "*", "~", "~root", "a\\b", "(x)", "{a,b}", "a|b", "<x>", "größe", "数字", "-dash",
	"pgd(steps=100,restarts=5)", "a\nb", "a\tb", "k=v w", "8/255 .1", "%d", "[a]", "?", "^", "'", "''", `\'`,
}

// TestCommand has a shell split the command line again.
func TestCommand(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	out, err := exec.Command(sh, "-c", Command(append([]string{"printf", `%s\0`}, awkward...)...)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(got) != len(awkward) {
		t.Fatalf("want %d arguments, got %d: %q", len(awkward), len(got), got)
	}
	for i, want := range awkward {
		if got[i] != want {
			t.Errorf("want %q, got %q", want, got[i])
		}
	}
}

func TestUnwarp(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{Unwarp("attack", "runs/a", "--resume"), "unwarp attack runs/a --resume"},
		{Unwarp("attack", "runs/my run", "--eps", "8/255 .1"), "unwarp attack 'runs/my run' --eps '8/255 .1'"},
		{Unwarp("report", Operand("-x")), "unwarp report ./-x"},
		{Operand("x/-y"), "x/-y"},
	} {
		if row.got != row.want {
			t.Errorf("want %s, got %s", row.want, row.got)
		}
	}
}
