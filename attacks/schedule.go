package attacks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

var none = Far(math.Inf(1))

// errSpent ends an evaluation whose budget is used up.
var errSpent = errors.New("the budget is used up")

// schedule runs the attacks of one evaluation. Each image under attack is a
// lane: a goroutine that stops at each question. In every round the questions
// of one kind fill a batch; a lane whose attempt has ended takes the next image
// that waits. While a batch is computed, the lanes answered the round before
// go on, and their next questions become visible one round later, whenever
// they are asked: so the course of an evaluation does not depend on timing.
type schedule struct {
	*Engine
	ev       *Evaluation
	set      Set
	journal  *Journal
	tell     func(Progress)
	began    time.Time
	players  []*player
	prepared map[int]int // attack to the stage it prepared
	logits   [][]float32 // clean
	right    [][]int     // by class: the images classified right

	waiting [][]int // per attack: images that wait, in order
	lanes   int     // running
	asked   []*lane // with a question that waits, oldest first
	older   []*lane // that compute, answered before the last round
	latest  []*lane // that compute, answered in the last round
	quit    chan struct{}
	done    int
	broken  int
	passes  int
}

// lane is one image under one attack.
type lane struct {
	attack, image int
	bound         Far           // the smallest radius at which earlier attacks broke the image
	posted        chan struct{} // a question is there, or the attempt has ended
	reply         chan struct{}
	quit          <-chan struct{}

	pass    pass
	rows    []Question
	answers []answer

	ended  bool
	result Attempt
	err    error
}

// clean classifies the images without attack.
func (r *schedule) clean(ctx context.Context) error {
	px := r.ev.Pixels
	r.right = make([][]int, r.stages[0].Arena.Victim.Classes)
	for from := 0; from < r.set.Len(); from += r.o.Batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(r.set.Len(), from+r.o.Batch)
		rows := make([]Question, to-from)
		for i := range rows {
			rows[i].Image = r.pixels(from+i, px)
		}
		out, err := r.players[0].run(forwardPass, rows)
		if err != nil {
			return err
		}
		for i, a := range out {
			if !numbers(a.logits) {
				return fmt.Errorf("attacks: image %d: want finite logits, got %v: the model does not answer with numbers", r.set.Index[from+i], a.logits)
			}
			r.logits = append(r.logits, a.logits)
			r.ev.Clean[from+i] = int32(argmax(a.logits))
			if r.ev.Right(from + i) {
				r.ev.CleanRight++
				r.right[r.set.Labels[from+i]] = append(r.right[r.set.Labels[from+i]], from+i)
			}
		}
		r.ev.Cost.Referee += len(rows)
	}
	return nil
}

func (r *schedule) pixels(i, px int) []float32 { return r.set.Pixels[i*px : (i+1)*px : (i+1)*px] }

// run is the loop of rounds.
func (r *schedule) run(ctx context.Context) error {
	r.waiting = make([][]int, len(r.o.Attacks))
	for i := range r.set.Len() {
		if r.ev.Right(i) {
			r.pass(0, i)
		}
	}
	r.quit = make(chan struct{})
	defer close(r.quit)
	for {
		r.start()
		if err := r.gather(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(r.asked) > 0 {
			if r.spent() {
				return errSpent
			}
			if err := r.serve(); err != nil {
				return err
			}
		} else if r.lanes == 0 && !slices.ContainsFunc(r.waiting, func(w []int) bool { return len(w) > 0 }) {
			return nil
		}
	}
}

// spent tells whether the budget of the evaluation is used up.
func (r *schedule) spent() bool {
	return r.o.Passes > 0 && r.passes >= r.o.Passes || r.o.Time > 0 && time.Since(r.began) >= r.o.Time
}

// pass sends image i to attack a, or past all attacks that the journal knows
// or that have nothing to find.
func (r *schedule) pass(a, i int) {
	for ; a < len(r.o.Attacks); a++ {
		known, ok := r.journal.find(a, i)
		if !ok {
			r.waiting[a] = append(r.waiting[a], i)
			return
		}
		r.record(a, i, known)
	}
}

func (r *schedule) record(a, i int, at Attempt) {
	largest := r.ev.Radii[len(r.ev.Radii)-1]
	before := r.ev.within(r.bound(a, i), largest)
	r.ev.Series[a].Attempts[i] = at
	r.ev.Cost = r.ev.Cost.plus(at.Cost)
	r.passes += at.Forward + at.Backward
	r.done++
	if !before && r.ev.within(at.Reach, largest) {
		r.broken++
	}
	if r.tell != nil {
		r.tell(Progress{r.done, len(r.o.Attacks) * r.ev.CleanRight, r.ev.Series[a].Attack, r.broken, r.ev.CleanRight})
	}
}

// bound is the smallest radius at which the attacks before a broke image i.
func (r *schedule) bound(a, i int) Far {
	b := none
	for _, s := range r.ev.Series[:a] {
		b = min(b, s.Attempts[i].Reach)
	}
	return b
}

// start fills the lanes: twice as many as a batch has rows, so that questions
// of two kinds find full batches.
func (r *schedule) start() {
	for a := range r.waiting {
		for len(r.waiting[a]) > 0 && r.lanes < 2*r.o.Batch {
			l := &lane{
				attack: a, image: r.waiting[a][0], quit: r.quit,
				posted: make(chan struct{}, 1), reply: make(chan struct{}, 1),
			}
			l.bound = r.bound(a, l.image)
			r.waiting[a] = r.waiting[a][1:]
			r.lanes++
			r.older = append(r.older, l)
			go l.run(r.search(l))
		}
	}
}

// gather waits for the next question of all lanes that were answered before
// the last round, and where that gives none, of those of the last round.
func (r *schedule) gather() error {
	if err := r.await(r.older); err != nil {
		return err
	}
	r.older = nil
	if len(r.asked) == 0 {
		if err := r.await(r.latest); err != nil {
			return err
		}
		r.latest = nil
	}
	r.older, r.latest = r.latest, nil
	return nil
}

func (r *schedule) await(lanes []*lane) error {
	for _, l := range lanes {
		<-l.posted
		if !l.ended {
			r.asked = append(r.asked, l)
			continue
		}
		r.lanes--
		if l.err != nil {
			return fmt.Errorf("attacks: %s, image %d: %w", r.ev.Series[l.attack].Attack, r.set.Index[l.image], l.err)
		}
		if err := r.journal.add(l.attack, l.image, l.result); err != nil {
			return err
		}
		r.record(l.attack, l.image, l.result)
		r.pass(l.attack+1, l.image)
	}
	return nil
}

// serve answers one batch of the kind of question that has most rows.
func (r *schedule) serve() error {
	rows := map[pass]int{}
	var most pass
	for _, l := range r.asked {
		if rows[l.pass] += len(l.rows) - len(l.answers); rows[l.pass] > rows[most] {
			most = l.pass
		}
	}
	var batch []Question
	var turn []*lane
	for _, l := range r.asked {
		if n := r.o.Batch - len(batch); l.pass == most && n > 0 {
			open := l.rows[len(l.answers):]
			batch = append(batch, open[:min(n, len(open))]...)
			turn = append(turn, l)
		}
	}
	answers, err := r.players[most.stage].run(most.kind, batch)
	if err != nil {
		return err
	}
	for _, l := range turn {
		n := min(len(l.rows)-len(l.answers), len(answers))
		l.answers = append(l.answers, answers[:n]...)
		answers = answers[n:]
		if len(l.answers) == len(l.rows) {
			r.asked = slices.DeleteFunc(r.asked, func(m *lane) bool { return m == l })
			r.latest = append(r.latest, l)
			l.reply <- struct{}{}
		}
	}
	return nil
}

// ask posts a question and waits for its answers. It unwinds the attack when
// the evaluation ends before.
func (l *lane) ask(p pass, rows []Question) []answer {
	if len(rows) == 0 {
		return nil
	}
	l.pass, l.rows, l.answers = p, rows, nil
	l.posted <- struct{}{}
	select {
	case <-l.reply:
		return l.answers
	case <-l.quit:
		panic(abandoned{})
	}
}

// abandoned unwinds an attack whose evaluation has ended.
type abandoned struct{}
