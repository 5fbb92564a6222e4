package attacks

// Probe asks a victim outside an attack: for measurements of the victim
// itself, which nobody counts as queries.
type Probe struct{ p *player }

// NewProbe computes at most batch rows at once.
func NewProbe(s Stage, batch int) *Probe { return &Probe{newPlayer(s, max(1, batch))} }

// Logits are the scores of images, by plain forward passes.
func (p *Probe) Logits(images ...[]float32) ([][]float32, error) {
	rows := make([]Question, len(images))
	for i, x := range images {
		rows[i].Image = x
	}
	out := make([][]float32, 0, len(images))
	err := p.ask(forwardPass, rows, func(a answer) { out = append(out, a.logits) })
	return out, err
}

// Slopes are the losses and gradients of l, which the arena must have declared.
func (p *Probe) Slopes(l Loss, questions ...Question) ([]Slope, error) {
	rows := make([]Question, len(questions))
	for i, q := range questions {
		if q.Temperature == 0 {
			q.Temperature = 1
		}
		rows[i] = q
	}
	out := make([]Slope, 0, len(rows))
	err := p.ask(l, rows, func(a answer) { out = append(out, Slope{a.loss, a.logits, a.gradient}) })
	return out, err
}

func (p *Probe) ask(kind Loss, rows []Question, each func(answer)) error {
	for len(rows) > 0 {
		n := min(len(rows), p.p.most)
		answers, err := p.p.run(kind, rows[:n])
		if err != nil {
			return err
		}
		for _, a := range answers {
			each(a)
		}
		rows = rows[n:]
	}
	return nil
}
