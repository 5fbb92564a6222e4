package attacks

import (
	"encoding/json"
	"fmt"

	"unwarp/attacks/geometry"
)

// Versions before 0.2 wrote other keys. Their files are read, never written.

// UnmarshalJSON reads the present keys and those of versions before 0.2.
func (r *ImageResult) UnmarshalJSON(raw []byte) error {
	type plain ImageResult
	old := struct {
		*plain
		OldDistance json.RawMessage `json:"reach"` // null is +Inf
		Trace       []float32       `json:"trace"`
	}{plain: (*plain)(r)}
	if err := json.Unmarshal(raw, &old); err != nil {
		return err
	}
	if old.OldDistance != nil {
		if err := r.ThreatDistance.UnmarshalJSON(old.OldDistance); err != nil {
			return err
		}
	}
	if old.Trace != nil {
		r.LossCurve = old.Trace
	}
	return nil
}

// UnmarshalJSON reads the present keys and those of versions before 0.2.
func (a *AttackResult) UnmarshalJSON(raw []byte) error {
	type plain AttackResult
	old := struct {
		*plain
		Schedule   *RadiusSearch `json:"schedule"`
		OldResults []ImageResult `json:"attempts"`
	}{plain: (*plain)(a)}
	if err := json.Unmarshal(raw, &old); err != nil {
		return err
	}
	if old.Schedule != nil {
		a.Search = *old.Schedule
	}
	if old.OldResults != nil {
		a.Results = old.OldResults
	}
	return nil
}

// UnmarshalJSON reads the present keys and those of versions before 0.2.
func (e *Evaluation) UnmarshalJSON(raw []byte) error {
	type plain Evaluation
	old := struct {
		*plain
		Threat       *string        `json:"threat"`
		CleanCorrect *int           `json:"clean_right"`
		AttackResult []AttackResult `json:"series"`
	}{plain: (*plain)(e)}
	if err := json.Unmarshal(raw, &old); err != nil {
		return err
	}
	if old.Threat != nil {
		var err error
		if e.Threat, err = geometry.Parse(*old.Threat); err != nil {
			return fmt.Errorf("evaluation.threat: want a geometric threat such as rotate(30), got %.60q", *old.Threat)
		}
	}
	if old.CleanCorrect != nil {
		e.CleanCorrect = *old.CleanCorrect
	}
	if old.AttackResult != nil {
		e.Attacks = old.AttackResult
	}
	return nil
}
