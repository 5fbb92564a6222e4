package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// imageOracle is the [Model] of one attack on one image: it counts what the
// attack asks, has it computed through its worker, and keeps the smallest
// verified example.
//
// Searches side by side ([imageOracle.Lanes]) have an oracle each, which share
// what is found and counted.
type imageOracle struct {
	*findings
	problem *attacks.Problem
	// ask has requests computed: those of the worker, or of a lane.
	ask      func(kind requestKind, requests []attacks.Request) []response
	worker   *worker
	stream   func(lane uint64) *rand.Rand   // a generator for each lane
	lane     uint64                         // which one this is, 0 outside lanes
	beside   bool                           // it is one of several lanes
	rounded  bool                           // gradients are computed in lower precision
	session  int                            // the session that computes gradients and codes
	followed func(attacks.Loss) computation // of a loss with the gradient that the attack follows
	eot      int                            // passes averaged for one gradient
	budget   int                            // passes allowed at one radius, 0 for all
	// temperature is that of the image's cross-entropy, see [attacks.Temperature].
	temperature float32
	examples    func(class int, r *rand.Rand) []float32
	keepImages  bool // keep the image of best, and lastClaim
	keepLosses  bool
	losses      []float32 // the loss at each iterate of this radius
	path        path      // of this radius
}

// findings are what the attack has found on the image, and what it cost.
type findings struct {
	cost          attacks.Cost
	costBefore    attacks.Cost // when the search at this radius began
	best          *example
	firstDistance float64   // of the first verified example, in the problem's norm
	verified      bool      // an example of this radius was verified
	invalid       int       // claims outside ball or box, or not numbers
	lastClaim     []float32 // the last image claimed inside ball and box
	offLattice    *attacks.Distance
	effort        *attacks.Effort
}

// example is a verified adversarial example.
type example struct {
	distance       float64 // in the problem's norm
	threatDistance float64
	class          int
	tied           bool // the label shares the largest logit
	queries        int  // forward passes up to the first one
	image          []float32
	parameters     []float64 // of a geometric threat
	field          []float32 // of one of fields
}

// Logits implements [Model].
func (m *imageOracle) Logits(images ...[]float32) [][]float32 {
	out := make([][]float32, len(images))
	for i, r := range m.ask(requestKind{referenceSession, plainLogits}, imageRequests(images)) {
		out[i] = r.logits
		m.path.visitPoint(m.problem, images[i], r.logits)
	}
	return out
}

// Scores implements [Model]. What is computed in advance is not counted: how much
// it is depends on what else runs.
func (m *imageOracle) Scores(rounded bool, visit func(i int, logits []float32) bool, images ...[]float32) {
	images = images[:min(len(images), max(1, m.PassesLeft()))]
	session := referenceSession
	if rounded {
		session = gradientSession
	}
	responses := m.ask(requestKind{session, plainLogits}, imageRequests(images))
	m.cost.Forward -= len(responses)
	for i, r := range responses {
		m.cost.Forward++
		m.path.visitPoint(m.problem, images[i], r.logits)
		if !visit(i, r.logits) {
			return
		}
	}
}

// Room implements [Model].
func (m *imageOracle) Room() (free, all int) {
	if m.beside { // how far each lane is in a round must not depend on other images
		return 1, 1
	}
	return max(1, m.worker.free), max(1, m.worker.room)
}

// HasRounded implements [Model].
func (m *imageOracle) HasRounded() bool { return m.rounded }

// LossGradients implements [Model].
func (m *imageOracle) LossGradients(l attacks.Loss, requests ...attacks.Request) []attacks.LossGradient {
	repeated := withTemperature(requests, m.eot)
	for i := range repeated {
		repeated[i].Temperature *= m.temperature
	}
	responses := m.ask(requestKind{m.session, m.followed(l)}, repeated)
	out := make([]attacks.LossGradient, len(requests))
	for i := range out {
		out[i] = meanResponse(responses[i*m.eot : (i+1)*m.eot])
		if m.session == gradientSession {
			m.path.visitIterate(m.problem, requests[i].Image, out[i].Logits)
		}
	}
	return out
}

// Codes implements [Model].
func (m *imageOracle) Codes(code attacks.Loss, images ...[]float32) [][]float32 {
	out := make([][]float32, len(images))
	for i, r := range m.ask(requestKind{m.session, codesOf(code)}, imageRequests(images)) {
		out[i] = r.code
	}
	return out
}

// request has requests computed and counts them. The attack's budget may end
// the search here.
func (m *imageOracle) request(kind requestKind, requests []attacks.Request) []response {
	if len(requests) == 0 {
		return nil
	}
	if passesOf(costOf(kind.what, len(requests))) > m.PassesLeft() {
		panic(overBudget{})
	}
	// Where the evaluation's budget ends, not all are computed.
	defer func() { m.cost = m.cost.Plus(costOf(kind.what, len(m.worker.responses))) }()
	return m.worker.request(kind, requests)
}

// costOf counts n requests of one computation.
func costOf(what computation, n int) attacks.Cost {
	switch {
	case what == verifiedLogits || what == claimedLogits || what == aloneLogits:
		return attacks.Cost{Referee: n}
	case what == plainLogits || strings.HasPrefix(string(what), codePrefix):
		return attacks.Cost{Forward: n}
	}
	return attacks.Cost{Forward: n, Backward: n}
}

// overBudget unwinds a search whose passes are used up.
type overBudget struct{}

// meanResponse averages the responses of a model with noise in it.
func meanResponse(responses []response) attacks.LossGradient {
	g := responses[0].lossGradient()
	if len(responses) == 1 {
		return g
	}
	f := 1 / float32(len(responses))
	for _, r := range responses[1:] {
		g.Loss += r.loss
		vector.AXPY(g.Logits, g.Logits, 1, r.logits)
		vector.AXPY(g.Gradient, g.Gradient, 1, r.gradient)
	}
	g.Loss *= f
	vector.Scale(g.Logits, g.Logits, f)
	vector.Scale(g.Gradient, g.Gradient, f)
	return g
}

// PassesLeft implements [Model].
func (m *imageOracle) PassesLeft() int {
	if m.budget == 0 {
		return math.MaxInt
	}
	return max(0, m.budget-(m.cost.Forward+m.cost.Backward-m.costBefore.Forward-m.costBefore.Backward))
}

// Confirm implements [Model].
func (m *imageOracle) Confirm(images ...[]float32) int {
	p := m.problem
	if p.Threat.Lattice > 0 {
		return m.confirmOnLattice(images)
	}
	var requests []attacks.Request
	var places []int
	for i, x := range images {
		if p.Threat.IsGeometric() || !isLegal(x, p.Image, p.Threat, p.Eps) {
			m.invalid++
			continue
		}
		requests, places = append(requests, attacks.Request{Image: x}), append(places, i)
		if m.keepImages {
			m.lastClaim = slices.Clone(x)
		}
	}
	if len(requests) == 0 {
		return -1
	}
	what := verifiedLogits
	if m.cost.Forward == 0 { // the attack does nothing but claim: its claims are its passes
		what = claimedLogits
	}
	first := -1
	for k, r := range m.ask(requestKind{referenceSession, what}, requests) {
		x := images[places[k]]
		if !m.isSuccess(x, r.logits) {
			continue
		}
		if first < 0 {
			first = places[k]
		}
		m.keepSmallest(example{distance: distance(p.Norm, x, p.Image), threatDistance: distance(p.Threat.Norm, x, p.Image)}, x, r.logits)
	}
	return first
}

// succeedsAgain tells whether x succeeds in further passes too: alone, and
// several times in a batch with other images. Rounding depends on both.
func (m *imageOracle) succeedsAgain(x []float32) bool {
	once, thrice := []attacks.Request{{Image: x}}, []attacks.Request{{Image: x}, {Image: x}, {Image: x}}
	responses := m.ask(requestKind{referenceSession, aloneLogits}, once)
	responses = append(responses, m.ask(requestKind{referenceSession, verifiedLogits}, thrice)...)
	return !slices.ContainsFunc(responses, func(r response) bool { return !allFinite(r.logits) || !m.problem.Success(r.logits) })
}

// keepSmallest takes in a verified example, whose distances are known, with its
// logits.
func (m *imageOracle) keepSmallest(e example, x, logits []float32) {
	m.verified = true
	e.class, e.tied = attacks.Predict(logits, m.problem.Label)
	e.queries = m.cost.Forward
	if m.best == nil {
		m.firstDistance = e.distance
	}
	if m.best != nil && e.distance >= m.best.distance {
		m.best.threatDistance = min(m.best.threatDistance, e.threatDistance)
		return
	}
	if m.best != nil {
		e.threatDistance = min(e.threatDistance, m.best.threatDistance)
		e.queries = m.best.queries
	}
	if m.keepImages {
		e.image = slices.Clone(x)
	}
	m.best = &e
}

// BestDistance implements [Model].
func (m *imageOracle) BestDistance() float64 {
	if m.best == nil {
		return math.Inf(1)
	}
	return m.best.distance
}

// Example implements [Model].
func (m *imageOracle) Example(class int) []float32 { return m.examples(class, m.problem.Rand) }

// BeginStart implements [Model].
func (m *imageOracle) BeginStart() { m.path.begin() }

// RecordLoss implements [Model].
func (m *imageOracle) RecordLoss(loss float32) {
	if m.keepLosses && loss-loss == 0 {
		m.losses = append(m.losses, loss)
	}
}

// result is what the attack found on the image.
func (m *imageOracle) result(tried []byte) attacks.ImageResult {
	r := attacks.ImageResult{Done: true, Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance, Invalid: m.invalid, Cost: m.cost, Tried: string(tried), Effort: m.effort, LossCurve: m.losses, Last: m.lastClaim, OffLattice: m.offLattice}
	if e := m.best; e != nil {
		r.Distance, r.ThreatDistance, r.Class, r.Tied, r.Queries, r.Image = attacks.Distance(e.distance), attacks.Distance(e.threatDistance), e.class, e.tied, e.queries, e.image
		r.Parameters, r.Field = e.parameters, e.field
	}
	return r
}
