package checks

import "slices"

// Status is a check's verdict.
type Status string

// Verdicts. A check that fails says that the evaluation cannot be believed as
// it is; one that warns says what it leaves open. One is skipped where it does
// not apply, or where what it needs was not run.
const (
	Pass Status = "PASS"
	Warn Status = "WARN"
	Fail Status = "FAIL"
	Skip Status = "SKIP"
)

// Result is what one check found.
type Result struct {
	ID        string `json:"id"` // C01 to C35
	Title     string `json:"title"`
	Status    Status `json:"status"`
	Value     string `json:"value"`            // what was measured
	Threshold string `json:"threshold"`        // what was wanted
	Images    []int  `json:"images,omitempty"` // places in the data of offending images
	Advice    string `json:"advice,omitempty"` // what to do about it
	Source    string `json:"source"`           // where the check comes from
}

// MayClaim tells whether a report may use the word "robust": only if C35, the
// completeness of the battery, holds.
func MayClaim(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.ID == "C35" && r.Status == Pass })
}

// needs of a check.
const (
	evaluation = 1 << iota
	victim
	baseline
)

// check is one row of the list.
type check struct {
	id, title string
	needs     int
	threshold string
	source    string
	wants     func(x *exam) []string // attacks that it wants run on the exam's images
	judge     func(x *exam) (verdict, error)
}

// verdict is what a check's function says.
type verdict struct {
	status Status
	value  string
	images []int
	advice string
}

func skip(why string) (verdict, error) { return verdict{status: Skip, value: why}, nil }

const (
	carlini    = "Carlini et al. 2019, "
	autoattack = "AutoAttack (Croce and Hein 2020), "
	ioaf       = "Pintor et al. 2022, Indicators of Attack Failure, "
	art        = "Adversarial Robustness Toolbox, "
	zimmermann = "Zimmermann et al. 2022, active tests"
	own        = "this project"
)

// list is in order of the ids.
func list() []check {
	return []check{
		{"C01", "Iterative attacks beat single steps", evaluation, "single-step successes that iterative attacks miss: at most 0.5 %; success of iterative at least that of single-step; BIM at eps/5 not above FGSM at eps",
			carlini + "sanity checks", nil, iterative},
		{"C02", "Success grows with eps", evaluation, "no fall of the best so far; of single runs at most 0.3 points",
			carlini + "sanity checks", nil, monotone},
		{"C03", "Very large eps leaves chance", victim, "linf: accuracy at .5 at most 1/classes + 3 sigma, at 1 nothing left; l2: median below 9 (28x28 pixels), nothing left in the whole box",
			carlini + "sanity checks, 100 % success; " + art + "obfuscation flag", boundless, unbounded},
		{"C04", "Iterations have converged", victim, "twice the steps: success at most 0.5 points more, loss at most 1 %",
			carlini + "verify that attacks converge", longer, converged},
		{"C05", "Restarts add little", victim, "5 restarts against 1: at most 1 point",
			carlini + "hyper-parameters", again, restarted},
		{"C06", "Step size matters little", victim, "half, same and double step: spread at most 2 points",
			carlini + "hyper-parameters", strides, strided},
		{"C07", "White-box attacks find what black-box attacks find", evaluation, "black-box successes that no white-box attack finds: at most 0.2 %",
			autoattack + "check_square_sr; " + carlini + "black-box attacks", nil, whiteBeatsBlack},
		{"C08", "Noise does worse than a gradient", victim, "at least 10,000 draws per image; success below FGSM's",
			carlini + "random noise", draws, noise},
		{"C09", "Transfer does worse than direct attack", evaluation, "at each eps success of transfer at most that of direct attacks",
			carlini + "transferability", nil, transfer},
		{"C10", "Gradients are not zero", victim, "no gradient with NaN or infinity; none zero (below 1e-12); median within 2 orders of the undefended model's",
			autoattack + "check_zero_gradients; " + art + "gradient check; Sabour, Frosst and Hinton 2018, section 6", nil, vanished},
		{"C11", "Cross-entropy is not saturated", victim, "other losses and temperatures: success at most 1 point above cross-entropy's",
			autoattack + "flags; Carlini and Wagner 2017 (distillation)", losses, saturated},
		{"C12", "The output is logits", victim, "not all in [0,1] with sum 1 ± 1e-5",
			autoattack + "check_range_output", nil, probabilities},
		{"C13", "The model is deterministic", victim, "5 passes: same classes, logits within 1e-4 of their norm",
			autoattack + "check_randomized", nil, deterministic},
		{"C14", "Images do not influence each other", victim, "logits of an image alone and in a batch within 1e-4",
			"foolbox issue 74", nil, together},
		{"C15", "Examples lie in ball and box", evaluation | victim, "every stored example: within its distance + 1e-6, in [0,1], numbers, and wrong in a pass of its own",
			autoattack + "final check; foolbox issue 711", nil, stored},
		{"C16", "Examples survive rounding to 255 levels", evaluation | victim, "reported; at most 5 % lost, but for attacks that look for the boundary",
			"foolbox issues 162, 324, 423", nil, rounded},
		{"C17", "No success is lost on the way", victim, "each image broken at any iterate counts as broken",
			ioaf + "silent success", trajectory, silent},
		{"C18", "Optimisation is complete", evaluation, "rescaled best loss rises by at most .05 in the last 10 steps, on at least 95 % of the images that stand",
			ioaf + "incomplete optimisation", nil, incomplete},
		{"C19", "The loss is stable", victim, "mean relative change at 100 points within ±4/255: at most .2",
			ioaf + "unstable predictions", nil, unstable},
		{"C20", "The loss rises along its gradient", victim, "on a 21x21 grid along gradient sign and random signs the largest loss lies at the gradient's edge, on at least 90 % of the images",
			"Tramèr et al. 2018; Engstrom et al. 2018", nil, surface},
		{"C21", "Gradients agree with finite differences", victim, "10 images, 50 pixels each: cosine at least .99, signs at least 98 %",
			own, nil, differences},
		{"C22", "Gradients agree with gradient-free estimates", victim, "cosine with NES at least half of what its number of samples allows",
			own + "; Uesato et al. 2018; Ilyas et al. 2018", nil, estimates},
		{"C23", "The same attack breaks an undefended model", evaluation | baseline, "at least 95 % at the same eps",
			carlini + "attack similar undefended models", nil, undefended},
		{"C24", "Guaranteed adversarial examples are found", victim, "a binary readout with an example known within eps: found on at least 95 %",
			zimmermann, nil, guaranteed},
		{"C25", "Attacks find the known optimum of a linear model", evaluation, "median of each white-box attack within 1.25 times the optimum, DeepFool 1.02",
			"adversarial-library's tests", nil, analytic},
		{"C26", "Broken defences are flagged", 0, "quantised input, logits times 1000 and random noise fail a check, the plain model none",
			carlini + "benchmark the attack", nil, selfTest},
		{"C27", "The headline is the per-image worst case", evaluation, "every attack ended on every image",
			carlini + "report per-example worst case; AutoAttack issue 45", nil, worstCase},
		{"C28", "Losses and targets fit the number of classes", evaluation, "no DLR below 3 classes, none targeted below 4, targets at most classes-1 and at least min(9, classes-1)",
			autoattack + "check_n_classes; AutoAttack issues 70, 110", nil, fitting},
		{"C29", "Batch size does not matter", victim, "the same examples one at a time and 64 at a time",
			"torchattacks issue 12", nil, batches},
		{"C30", "Clean accuracy is kept", evaluation | baseline, "at most 2 points below the baseline",
			carlini + "report clean accuracy", nil, cleanLoss},
		{"C31", "Enough images", evaluation, "at least 1,000; Wilson 95 % interval on each rate",
			own, nil, sample},
		{"C32", "Labels are the true ones", evaluation, "only images classified right are attacked, so that label and prediction agree; targeted attacks too",
			"cleverhans attacks its own prediction by default", nil, labels},
		{"C33", "Attacks made for this defence", evaluation | victim, "through the classifier, through the whole training loss, away from the image's code, towards another class's code",
			carlini + "adaptive attacks", nil, adaptive},
		{"C34", "Threats beyond the ball", evaluation, "rotations and translations, noise or corruptions",
			carlini + "general robustness", nil, broader},
		{"C35", "The battery is complete", evaluation, "on all images: PGD or APGD of at least 100 steps with restarts, or APGD-T, on a loss of the logits; a gradient-free attack on scores; an attack on decisions",
			carlini + "which attacks to use", nil, complete},
	}
}
