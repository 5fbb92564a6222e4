package trainer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"time"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Inputs are what a run reads and where it writes.
type Inputs struct {
	Train      pipelines.Source
	Validation pipelines.Source // nil: no evaluation during training, no best checkpoint
	Dir        string           // the run folder, which exists
	Seed       uint64           // of order and augmentation
	Resume     bool             // go on from the last checkpoint
	Identity   string           // hash of everything that determines the run; a resumed run must have the same
	Teacher    *Teacher         // what Config.Teacher names; nil without one
}

// Losses are the parts of the training loss at one step.
type Losses struct {
	Total          float32 `json:"loss"`
	Classification float32 `json:"classification"`
	Reconstruction float32 `json:"reconstruction,omitempty"`
	CodeChange     float32 `json:"code_change,omitempty"`
	GradientNorm   float32 `json:"gradient_norm"`
	Divergence     float32 `json:"divergence,omitempty"`     // trades
	InputGradient  float32 `json:"input_gradient,omitempty"` // squared norm, mean over the images
	CodeShift      float32 `json:"code_shift,omitempty"`     // of the codes under attack
}

// Progress is where a run stands.
type Progress struct {
	Step, Steps     int // done, of all
	Epoch           int // current, from 0
	Losses          Losses
	Rate            float32 // learning rate
	ImagesPerSecond float64 // since the last report, evaluation and saving left out
}

// Observer is told what happens. It may watch, never modify; it is called in
// the goroutine of Run, once per event, and must return at once.
type Observer interface {
	Began(at Progress)                     // once, before the first step
	Stepped(at Progress)                   // after every step
	Evaluated(at Progress, e Evaluation)   // after each evaluation
	Saved(at Progress, pointers []string)  // after each checkpoint
	Ended(at Progress, s Summary, e error) // once
}

// Summary is what a run came to.
type Summary struct {
	Steps           int         `json:"steps"`
	Epochs          float64     `json:"epochs"`
	Images          int         `json:"images"`
	Seconds         float64     `json:"seconds"` // of training, evaluation and saving left out
	ImagesPerSecond float64     `json:"images_per_second"`
	Waiting         float64     `json:"waiting_share"` // of Seconds, in [0,1]: time in which the loop waited for data
	Losses          Losses      `json:"losses"`        // at the last step
	BestStep        int         `json:"best_step,omitempty"`
	Validation      *Evaluation `json:"validation,omitempty"` // the last one
}

// ErrInterrupted says that the context was cancelled; a checkpoint was saved.
var ErrInterrupted = errors.New("interrupted; the run can be resumed")

// DivergedError says that the loss, its gradient or the weights are no longer
// numbers.
type DivergedError struct {
	From, To int // all was last finite at step From and no longer at To
	Last     float32
	Saved    int // step of the last checkpoint, 0 if none
}

func (e *DivergedError) Error() string {
	saved := "no checkpoint was saved"
	if e.Saved > 0 {
		saved = fmt.Sprintf("the checkpoint of step %d is untouched", e.Saved)
	}
	return fmt.Sprintf("trainer: loss or weights stopped being finite numbers between step %d (loss %.4g) and step %d; %s: lower train.schedule.rate, or set train.optimizer.clip_norm", e.From, e.Last, e.To, saved)
}

// CheckpointsDir, EventsDir and MetricsFile are names in a run folder.
const (
	CheckpointsDir = "checkpoints"
	EventsDir      = "events"
	MetricsFile    = "metrics.jsonl"
)

// Run trains for Config.Duration and returns what came out. When ctx is
// cancelled it saves a checkpoint and returns [ErrInterrupted].
func (p *Plan) Run(ctx context.Context, net *graphs.Net, in Inputs, obs ...Observer) (Summary, error) {
	r, err := p.begin(net, in, obs)
	if err != nil {
		return Summary{}, err
	}
	err = r.train(ctx)
	if cerr := r.end(); err == nil {
		err = cerr
	}
	s := r.summary()
	r.tell(func(o Observer) { o.Ended(r.at, s, err) })
	return s, err
}

// run is the state of one call of Run.
type run struct {
	*Plan
	net  *graphs.Net
	in   Inputs
	obs  []Observer
	feed *feeder
	rate func(step int) float32

	attacker *attacker // nil without an adversary, and of free
	radius   func(step int) (eps, alpha float32)
	lambda   func(step int) float32

	replays                    int // steps per batch
	perEpoch, steps            int // steps per epoch, steps in all
	logEvery, evalEvery, saves int

	checkpoints Checkpoints
	metrics     *metrics
	state       State
	at          Progress
	saved       int // step of the last checkpoint
	validation  *Evaluation

	started    time.Time     // of the current stretch of training
	trained    time.Duration // before it, this session
	waited     time.Duration // for data, of all stretches, this session
	lastStep   int           // at the last rate measurement
	lastTaken  time.Duration
	lastWaited time.Duration
}

func (p *Plan) begin(net *graphs.Net, in Inputs, obs []Observer) (*run, error) {
	for _, src := range []pipelines.Source{in.Train, in.Validation} {
		if src != nil {
			if err := p.Check(src); err != nil {
				return nil, err
			}
		}
	}
	if err := p.Admit(in.Teacher); err != nil {
		return nil, err
	}
	c := p.Config
	r := &run{Plan: p, net: net, in: in, obs: obs, checkpoints: Checkpoints{filepath.Join(in.Dir, CheckpointsDir)}}
	r.perEpoch = in.Train.Len() / c.Batch
	if r.perEpoch == 0 {
		return nil, fmt.Errorf("trainer: %s: want at least one batch of %d images, got %d images: lower train.batch", in.Train.Name(), c.Batch, in.Train.Len())
	}
	r.replays = c.Adversary.replays()
	r.perEpoch *= r.replays
	r.steps = c.Duration.Steps(c.Batch, r.perEpoch, 0)
	r.logEvery = c.Log.Steps(c.Batch, r.perEpoch, r.steps)
	r.evalEvery = c.Evaluate.Steps(c.Batch, r.perEpoch, r.steps)
	r.saves = c.Checkpoint.Steps(c.Batch, r.perEpoch, r.steps)
	r.rate = c.Schedule.rates(c.Batch, r.perEpoch, r.steps)
	r.radius = c.Adversary.radii(c.Batch, r.perEpoch, r.steps)
	r.lambda = c.Objective.lambdas(c.Batch, r.perEpoch, r.steps)
	r.state.Plan = in.Identity
	var err error
	if p.adverse.next.Op != nil {
		if r.attacker, err = p.newAttacker(net, c.Adversary, p.adverse, pipelines.Seed(in.Seed).Split("adversary")); err != nil {
			return nil, err
		}
	}
	if r.feed, err = p.newFeeder(); err != nil {
		return nil, err
	}
	if in.Resume && r.checkpoints.Exists(Last) {
		if r.state, err = r.checkpoints.Load(p, net, Last); err != nil {
			return nil, err
		}
		if r.state.Plan != in.Identity {
			return nil, fmt.Errorf("trainer: %s: want the configuration and data of the interrupted run (hash %.12s), got %.12s: resume with its config.yaml, or start a new run", in.Dir, r.state.Plan, in.Identity)
		}
		r.saved = r.state.Step
	}
	if r.metrics, err = openMetrics(filepath.Join(in.Dir, MetricsFile), r.state); err != nil {
		return nil, err
	}
	if err := p.board.open(net, filepath.Join(in.Dir, EventsDir)); err != nil {
		r.metrics.close()
		return nil, err
	}
	r.at = Progress{Step: r.state.Step, Steps: r.steps, Epoch: max(0, r.state.Step-1) / r.perEpoch}
	r.lastStep = r.state.Step
	return r, nil
}

// train is the loop: one session call per step, everything else at its own
// cadence.
func (r *run) train(ctx context.Context) error {
	r.tell(func(o Observer) { o.Began(r.at) })
	if r.state.Step > 0 && r.evaluates() {
		// The session before was interrupted during this evaluation.
		if err := r.review(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ErrInterrupted // the checkpoint of this step is there
		}
	}
	if r.state.Step >= r.steps {
		return nil
	}
	o := pipelines.Options{
		Batch: r.Config.Batch, Seed: r.in.Seed, Shuffle: true, Augment: r.Config.Augment,
		Start: r.state.Step / r.replays, Workers: r.Config.Workers,
	}
	r.started = time.Now()
	for b, err := range r.timed(pipelines.Stream(ctx, r.in.Train, o)) {
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			if serr := r.keep(); serr != nil {
				err = fmt.Errorf("%w; and then: %w", err, serr)
			}
			return err
		}
		seen := rows{Batch: b}
		if r.in.Teacher != nil {
			if seen.teacher, err = r.in.Teacher.teach(b); err != nil {
				return err
			}
		}
		for range r.replays - r.state.Step%r.replays {
			if err := r.step(seen); err != nil {
				return err
			}
			if err := r.cadences(ctx); err != nil {
				return err
			}
			if r.state.Step >= r.steps || ctx.Err() != nil {
				break
			}
		}
		if r.state.Step >= r.steps {
			break
		}
	}
	if ctx.Err() != nil {
		if err := r.keep(); err != nil {
			return err
		}
		return ErrInterrupted
	}
	return r.keep()
}

// timed is data, with the time that its consumer waits for each batch added to
// r.waited: the first batch, for which the pipeline has to start, included.
func (r *run) timed(data iter.Seq2[pipelines.Batch, error]) iter.Seq2[pipelines.Batch, error] {
	return func(yield func(pipelines.Batch, error) bool) {
		asked := time.Now()
		for b, err := range data {
			r.waited += time.Since(asked)
			if !yield(b, err) {
				return
			}
			asked = time.Now()
		}
	}
}

// keep saves a checkpoint unless the last one is of this step.
func (r *run) keep() error {
	if r.saved == r.state.Step && r.checkpoints.Exists(Last) {
		return nil
	}
	return r.save(Last)
}

func (r *run) step(b rows) error {
	step := r.state.Step
	at := pace{rate: r.rate(step), lambda: r.lambda(step)}
	at.eps, at.alpha = r.radius(step)
	seen, err := b, error(nil)
	if r.attacker != nil {
		if seen, err = r.attacker.rows(b, step, at.eps, at.alpha); err != nil {
			return fmt.Errorf("trainer: step %d: %w", step+1, err)
		}
	}
	feeds, err := r.feed.rows(seen, step, at)
	if err != nil {
		return err
	}
	out, err := r.net.Run(feeds, []tf.Output{r.losses}, r.update)
	if err != nil {
		return fmt.Errorf("trainer: step %d: %w", step+1, err)
	}
	v := graphs.Floats(nil, out[0])
	if !finite(float64(v[0])) || !finite(float64(v[4])) {
		return &DivergedError{From: step, To: step + 1, Last: r.at.Losses.Total, Saved: r.saved}
	}
	r.state.Step++
	r.state.Images += b.N
	r.at.Step, r.at.Epoch, r.at.Rate = r.state.Step, b.Epoch, at.rate
	r.at.Losses = Losses{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]}
	r.tell(func(o Observer) { o.Stepped(r.at) })
	return nil
}

// cadences logs, evaluates and saves where the step says so.
func (r *run) cadences(ctx context.Context) error {
	if due(r.state.Step, r.logEvery) || r.state.Step == r.steps {
		if err := r.log(); err != nil {
			return err
		}
	}
	return r.review(ctx)
}

// evaluates is true where the step asks for an evaluation that has not been
// made.
func (r *run) evaluates() bool {
	step := r.state.Step
	return r.in.Validation != nil && (due(step, r.evalEvery) || step == r.steps) && r.state.Evaluated < step
}

// review evaluates and saves where the step says so.
func (r *run) review(ctx context.Context) error {
	evaluate, save := r.evaluates(), due(r.state.Step, r.saves) || r.state.Step == r.steps
	if !evaluate && !save {
		return nil
	}
	r.pause()
	defer r.resume()
	pointers := []string{Last}
	if evaluate {
		better, err := r.evaluate(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil // the loop ends and saves
			}
			return err
		}
		if better {
			pointers = []string{Best, Last}
		}
	}
	if len(pointers) > 1 || save {
		return r.save(pointers...)
	}
	return nil
}

func (r *run) log() error {
	taken, waiting := r.taken(), 0.
	if d := taken - r.lastTaken; d > 0 {
		r.at.ImagesPerSecond = float64((r.state.Step-r.lastStep)*r.Config.Batch) / d.Seconds()
		waiting = (r.waited - r.lastWaited).Seconds() / d.Seconds()
	}
	r.lastStep, r.lastTaken, r.lastWaited = r.state.Step, taken, r.waited
	l := r.at.Losses
	if err := r.metrics.write(line{Kind: "train", Step: r.state.Step, Epoch: r.at.Epoch, Rate: r.at.Rate, ImagesPerSecond: r.at.ImagesPerSecond, Waiting: &waiting, Losses: &l}); err != nil {
		return err
	}
	for _, x := range []struct {
		tag   string
		value float32
		has   bool
	}{
		{"train/loss", l.Total, true},
		{"train/classification", l.Classification, true},
		{"train/reconstruction", l.Reconstruction, r.Model.Decode},
		{"train/code_change", l.CodeChange, r.Twins && r.Model.Decode},
		{"train/divergence", l.Divergence, r.Config.Adversary.Method == "trades"},
		{"train/input_gradient", l.InputGradient, r.Config.Objective.InputGradient > 0},
		{"train/code_shift", l.CodeShift, r.Config.Adversary.Codes > 0},
		{"train/gradient_norm", l.GradientNorm, true},
		{"train/rate", r.at.Rate, true},
		{"train/images_per_second", float32(r.at.ImagesPerSecond), true},
	} {
		if !x.has {
			continue
		}
		if err := r.board.write(r.net, r.state.Step, x.tag, float64(x.value)); err != nil {
			return err
		}
	}
	return nil
}

// evaluate reports whether the validation accuracy is the best so far; with an
// adversary, that under attack.
func (r *run) evaluate(ctx context.Context) (better bool, err error) {
	e, err := r.Evaluate(ctx, r.net, r.in.Validation)
	if err != nil {
		return false, err
	}
	if !finite(e.Loss) {
		// The weights after this step are those of the next step's loss.
		return false, &DivergedError{From: r.state.Step, To: r.state.Step + 1, Last: r.at.Losses.Total, Saved: r.saved}
	}
	if e.Attacked, err = r.EvaluateAttacked(ctx, r.net, r.in.Validation, r.in.Seed); err != nil {
		return false, err
	}
	r.validation, r.state.Evaluated = &e, r.state.Step
	if err := r.metrics.write(line{Kind: "validation", Step: r.state.Step, Epoch: r.at.Epoch, Evaluation: &e}); err != nil {
		return false, err
	}
	shown := map[string]float64{"validation/accuracy": e.Accuracy, "validation/loss": e.Loss}
	if e.Attacked != nil {
		shown["validation/attacked_accuracy"] = e.Attacked.Accuracy
	}
	for tag, v := range shown {
		if err := r.board.write(r.net, r.state.Step, tag, v); err != nil {
			return false, err
		}
	}
	r.tell(func(o Observer) { o.Evaluated(r.at, e) })
	return r.better(e), nil
}

// better reports whether e is the best so far, and remembers it then.
func (r *run) better(e Evaluation) bool {
	score := e.Accuracy
	if e.Attacked != nil && !r.Config.Adversary.Off() {
		score = e.Attacked.Accuracy
	}
	if r.state.BestStep > 0 && score <= r.state.Best {
		return false
	}
	r.state.BestStep, r.state.Best = r.state.Step, score
	return true
}

// save refuses weights that are no numbers: the loss shows them one step later,
// which the last step does not have.
func (r *run) save(pointers ...string) error {
	out, err := r.net.Run(nil, []tf.Output{r.size})
	if err != nil {
		return err
	}
	if !finite(float64(graphs.Scalar(out[0]))) {
		return &DivergedError{From: r.state.Step - 1, To: r.state.Step, Last: r.at.Losses.Total, Saved: r.saved}
	}
	st := r.state
	st.Seconds += r.taken().Seconds()
	st.Waited += r.waited.Seconds()
	if err := r.checkpoints.Save(r.Plan, r.net, st, pointers...); err != nil {
		return err
	}
	r.saved = st.Step
	r.tell(func(o Observer) { o.Saved(r.at, pointers) })
	return nil
}

func (r *run) end() error {
	err := r.metrics.close()
	if berr := r.board.shut(r.net); err == nil {
		err = berr
	}
	return err
}

func (r *run) summary() Summary {
	seconds := r.state.Seconds + r.taken().Seconds()
	s := Summary{
		Steps: r.state.Step, Epochs: float64(r.state.Step) / float64(r.perEpoch), Images: r.state.Images,
		Seconds: seconds, Losses: r.at.Losses, BestStep: r.state.BestStep, Validation: r.validation,
	}
	if seconds > 0 {
		s.ImagesPerSecond = float64(s.Images) / seconds
		s.Waiting = (r.state.Waited + r.waited.Seconds()) / seconds
	}
	return s
}

func (r *run) tell(event func(Observer)) {
	for _, o := range r.obs {
		event(o)
	}
}

// taken is the time spent training in this session.
func (r *run) taken() time.Duration {
	if r.started.IsZero() {
		return r.trained
	}
	return r.trained + time.Since(r.started)
}

func (r *run) pause() {
	r.trained = r.taken()
	r.started = time.Time{}
}

func (r *run) resume() { r.started = time.Now() }

func due(step, every int) bool { return every > 0 && step%every == 0 }
