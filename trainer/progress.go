package trainer

// Progress is how far a run has come.
type Progress struct {
	Step, Steps     int // done, of all
	Epoch           int // under way, from 1; 0 before the first step
	Losses          Losses
	Rate            float32 // learning rate
	ImagesPerSecond float64 // since the last report, evaluation and saving left out
	// Replicas are what computes them, since the last report; nil where one device
	// computes all.
	Replicas []ReplicaProgress
}

// ReplicaProgress is what a device or a worker has computed.
type ReplicaProgress struct {
	Name            string  `json:"name"` // cpu:1, or the address of a worker
	ImagesPerSecond float64 `json:"images_per_second"`
	Waiting         float64 `json:"waiting"` // share of the time in which it computed nothing, in [0,1]
}

// Observer is called when something happens. It may watch, never modify; it is
// called in the goroutine of [TrainGraph.Run], once per event, and must return
// at once.
type Observer interface {
	Began(at Progress)                     // once, before the first step
	Stepped(at Progress)                   // after every step
	Evaluated(at Progress, e Evaluation)   // after each evaluation
	Saved(at Progress, pointers []string)  // after each checkpoint
	Noted(at Progress, text string)        // what befalls workers, a line each
	Ended(at Progress, s Summary, e error) // once
}

// Summary is the result of a run.
type Summary struct {
	Steps           int         `json:"steps"`
	Epochs          float64     `json:"epochs"`
	Images          int         `json:"images"`
	Seconds         float64     `json:"seconds"` // of training, evaluation and saving left out
	ImagesPerSecond float64     `json:"images_per_second"`
	Waiting         float64     `json:"waiting_share"` // of Seconds, in [0,1]: time in which the loop waited for data
	Losses          Losses      `json:"losses"`        // at the last step
	BestStep        int         `json:"best_step,omitempty"`
	StoppedEarly    bool        `json:"stopped_early,omitempty"` // by train.patience
	Validation      *Evaluation `json:"validation,omitempty"`    // the last one
}

// notify calls all observers.
func (r *run) notify(event func(Observer)) {
	for _, o := range r.observers {
		event(o)
	}
}

func (r *run) summary() Summary {
	seconds := r.state.Seconds + r.clock.taken().Seconds()
	s := Summary{
		Steps: r.state.Step, Epochs: float64(r.state.Step) / float64(r.cadence.perEpoch), Images: r.state.Images,
		Seconds: seconds, Losses: r.at.Losses, BestStep: r.state.BestStep, Validation: r.validation,
		StoppedEarly: r.lostPatience() && r.state.Step < r.cadence.steps,
	}
	if seconds > 0 {
		s.ImagesPerSecond = float64(s.Images) / seconds
		s.Waiting = (r.state.Waited + r.clock.waited.Seconds()) / seconds
	}
	return s
}
