package evaluation

import (
	"strings"
	"testing"

	"unwarp/attacks"
	_ "unwarp/attacks/library"
)

// Steps that together are shorter than a radius are remarked on, with a step that would do.
func TestRemarkReach(t *testing.T) {
	for text, want := range map[string]string{
		"pgd(steps=10)":                      "10 steps of 0.0067 reach 0.067, less than eps 0.2: give it more steps, or longer ones, such as alpha=0.05",
		"pgd(steps=30)":                      "",
		"pgd":                                "",
		"pgd(steps=10,alpha=.05)":            "",
		"pgd(steps=10,alpha=.005)":           "10 steps of 0.005 reach 0.05",
		"pgd(steps=10,alpha=.005,eps=.05)":   "",
		"pgd(steps=10,alpha=.005,eps=.1 .3)": "less than eps 0.3",
		"fgsm":                               "",
		"apgd(steps=3)":                      "",
		"bim":                                "",
	} {
		a, err := attacks.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := describeReach(a, []float32{.2, .1}, attacks.Linf)
		if want == "" && got != "" || !strings.Contains(got, want) || len(got) > 300 {
			t.Errorf("%s: want %q, got %q", text, want, got)
		}
	}
}
