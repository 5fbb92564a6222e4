package report

import (
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
	"unwarp/tools/internal/run/config"
)

// tenImages are ten images at eps .1, all but one classified correctly without
// attack: 3 proven, 2 broken by the attack, 4 neither.
func tenImages() Record {
	ev := attacks.Evaluation{Norm: attacks.Linf, Radii: []float32{.1}, Images: 10, Pixels: 1, CleanCorrect: 9, Labels: make([]int32, 10), Clean: make([]int32, 10), Index: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}
	ev.Clean[9] = 1
	a := attacks.AttackResult{Attack: "pgd", Name: "pgd", Norm: attacks.Linf, Family: attacks.WhiteBox, Radii: []float32{.1}}
	c := certify.Certificate{Threat: "linf", Method: "ibp", Provers: []string{"ibp"}, Pixels: 1, Sizes: []float32{.1}}
	for i := range 10 {
		r := attacks.ImageResult{Done: true, Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance, Tried: "0"}
		if i < 2 {
			r.Distance, r.ThreatDistance, r.Class, r.Tried = .05, .05, 1, "1"
		}
		p := certify.ImageProof{Index: i, Correct: i != 9, Broken: attacks.NoDistance}
		if i >= 2 && i < 5 {
			p.Proven = .1
		}
		a.Results, c.Images = append(a.Results, r), append(c.Images, p)
	}
	ev.Attacks = []attacks.AttackResult{a}
	return Record{About: About{Set: "ten", Part: "test", Shape: [3]int{1, 1, 1}, Classes: 2}, Evaluation: ev, Certificates: []certify.Certificate{c}}
}

func judgeOne(t *testing.T, r *Record, text string) Requirement {
	t.Helper()
	q, err := config.ParseRequirement(text)
	if err != nil {
		t.Fatal(err)
	}
	got := JudgeRequirements(r, []config.Requirement{q})
	if len(got) != 1 {
		t.Fatalf("%s: want one judgement, got %+v", text, got)
	}
	return got[0]
}

// Which side of the interval 30 to 70 % decides.
func TestJudgeRequirements(t *testing.T) {
	failed := func(id string) []checks.Result { return []checks.Result{{ID: id, Status: checks.Fail}} }
	for _, row := range []struct {
		text    string
		met     bool
		decided string
		checks  []checks.Result
	}{
		{"linf .1 >= 30%", true, decidedProven, failed("C04")},
		{"linf .1 >= 30.1%", true, decidedAttacked, nil},
		{"linf .1 >= 70%", true, decidedAttacked, nil},
		{"linf .1 >= 70%", true, decidedAttacked, failed("C35")},
		{"linf .1 >= 70%", true, decidedAttacked, failed("C16")},
		{"linf .1 >= 70%", false, decidedNothing, failed("C04")},
		{"linf .1 >= 70%", false, decidedNothing, failed("C15")},
		{"linf .1 attacked >= 70%", true, decidedAttacked, failed("C04")},
		{"linf .1 >= 70.1%", false, decidedAttacked, nil},
		{"linf .1 proven >= 30%", true, decidedProven, nil},
		{"linf .1 proven >= 31%", false, decidedProven, nil},
		{"linf .1 proven <= 30%", true, decidedProven, nil},
		{"linf .1 <= 70%", true, decidedAttacked, failed("C04")},
		{"linf .1 <= 70%", false, decidedNothing, failed("C15")},
		{"linf .1 <= 69%", false, decidedAttacked, nil},
		{"linf .1 <= 29%", false, decidedProven, nil},
		{"linf .1 confident >= 40%", false, decidedAttacked, nil}, // from 39.7 %
		{"linf .1 confident >= 39%", true, decidedAttacked, nil},
		{"linf .1 confident <= 89%", false, decidedAttacked, nil}, // up to 89.2 %
		{"linf .1 confident <= 90%", true, decidedAttacked, nil},
		{"clean >= 90%", true, decidedClean, failed("C04")},
		{"clean >= 91%", false, decidedClean, nil},
		{"clean confident >= 90%", false, decidedClean, nil},
	} {
		r := tenImages()
		r.Checks = row.checks
		got := judgeOne(t, &r, row.text)
		if got.Met != row.met || got.Decided != row.decided {
			t.Errorf("%s with %v: want %v by %s, got %+v", row.text, row.checks, row.met, row.decided, got)
		}
		line := got.Line()
		if strings.Contains(line, "not considered") == strings.Contains(row.text, "confident") || strings.HasPrefix(line, "met: ") != row.met {
			t.Errorf("%s: %s", row.text, line)
		}
	}
}

// Images that were not attacked to the end do not count for a requirement, nor
// does anything where a proof and an example contradict each other.
func TestJudgeUnfinished(t *testing.T) {
	r := tenImages()
	r.Certificates = nil
	r.Evaluation.Attacks[0].Results[8].Done = false
	if got := judgeOne(t, &r, "linf .1 >= 70%"); got.Met || !strings.Contains(got.Why, "1 image") {
		t.Errorf("one image is open: %+v", got)
	}
	if got := judgeOne(t, &r, "linf .1 >= 60%"); !got.Met {
		t.Errorf("60 %% were attacked to the end: %+v", got)
	}
	r = tenImages()
	r.Certificates[0].Images[0].Proven = .1
	if got := judgeOne(t, &r, "linf .1 >= 10%"); got.Met || !strings.Contains(got.Why, "proven and broken") {
		t.Errorf("contradiction: %+v", got)
	}
	if got := JudgeRequirements(&r, []config.Requirement{{Threat: attacks.Threat{Norm: attacks.L2, Hi: 1}, Size: .1}}); len(got) != 0 {
		t.Errorf("another threat: %+v", got)
	}
}
