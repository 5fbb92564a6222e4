package experiment

import "testing"

// A run that was begun before there were replicas goes on as one; with several it
// is another.
func TestRunBeforeReplicas(t *testing.T) {
	hash := func(more map[string]string) string {
		id := RunIdentity{Config: map[string]string{"train.batch": "8", "workers": "a:1", "cluster.wait": "3"}}
		for key, value := range more {
			id.Config[key] = value
		}
		h, err := id.hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	before := hash(nil)
	if now := hash(map[string]string{"train.replicas": "1", "train.gradients": "float32", "workers": "", "devices": "auto"}); now != before {
		t.Error("want the same training")
	}
	if hash(map[string]string{"train.replicas": "2"}) == before || hash(map[string]string{"train.gradients": "bfloat16"}) == before {
		t.Error("want another training")
	}
}
