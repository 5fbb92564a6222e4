package attacks_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"unwarp/attacks"
)

// TestOldEvaluationIsRead: a file of version 0.1 gives what the same file in
// the present form gives.
func TestOldEvaluationIsRead(t *testing.T) {
	old := `{"norm":"linf","radii":[0.1],"images":2,"pixels":1,"clean_right":1,"labels":[0,1],"index":[4,7],"clean":[0,0],
	 "series":[{"attack":"fgsm","name":"fgsm","family":"white-box","schedule":1,"norm":"linf","params":null,"radii":[0.1],
	  "attempts":[{"done":true,"distance":0.05,"reach":0.06,"class":1,"forward":1,"backward":1,"referee":2,"tried":"1","trace":[0.5,2]},
	              {"done":false,"distance":null,"reach":null,"class":0,"forward":0,"backward":0,"referee":0}]}]}`
	var got attacks.Evaluation
	if err := json.Unmarshal([]byte(old), &got); err != nil {
		t.Fatal(err)
	}
	want := attacks.Evaluation{
		Norm: attacks.Linf, Radii: []float32{.1}, Images: 2, Pixels: 1, CleanCorrect: 1, Labels: []int32{0, 1}, Index: []int{4, 7}, Clean: []int32{0, 0},
		Attacks: []attacks.AttackResult{{
			Attack: "fgsm", Name: "fgsm", Family: attacks.WhiteBox, Search: attacks.Ascending, Norm: attacks.Linf, Radii: []float32{.1},
			Results: []attacks.ImageResult{
				{Done: true, Distance: .05, ThreatDistance: .06, Class: 1, Cost: attacks.Cost{Forward: 1, Backward: 1, Referee: 2}, Tried: "1", LossCurve: []float32{.5, 2}},
				{Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance},
			},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("want %+v, got %+v", want, got)
	}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var again attacks.Evaluation
	if err := json.Unmarshal(raw, &again); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("want %+v from %s, got %+v, %v", want, raw, again, err)
	}
	if d := again.Attacks[0].Results[1].ThreatDistance; !math.IsInf(float64(d), 1) {
		t.Errorf("want an infinite distance, got %g", d)
	}
}
