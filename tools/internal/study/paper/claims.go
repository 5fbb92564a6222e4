package paper

import "slices"

// claims are what the text of the paper says without a table, and what the
// defences say that it cites.
var claims = []Table{
	attackTable("transfer", "Section 3.1: MNIST, attacks without the gradient of the model", largeEps, 1000, 500, All, slices.Concat(
		transferRows("base CNN", "mnist-base", "mnist-disentangled", ""),
		transferRows("disentangled", "mnist-disentangled", "mnist-base", "base CNN"),
	), "The paper has no figures: \"our method has no noticeable advantage over benchmark CNN architecture\". Verdict same: in every column the models differ by at most 3 points, or two standard deviations."),
	attackTable("ross", "Section 3.1: MNIST, FGSM, beside gradient regularisation (Ross and Doshi-Velez 2017)", largeEps, 0, 1000, UnderAttack, slices.Concat(
		[]Row{{Label: "gradient-regularised, *paper*", Paper: []float64{noFigure, noFigure, noFigure, noFigure, 60}, Below: true}},
		rossRows(),
		paperRow("disentangled", 91.2, 87.7, 83.8, 74.2, 61.5),
		readingRows("mnist-disentangled", "disentangled", "disentangled", "gradient-regularised, weight 1", largeEps),
		paperRow("base CNN", 23.7, 10.6, 3.3, 2.7, 2.4),
		[]Row{{Label: "base CNN, " + classifierReading, PaperRow: "base CNN, *paper*", Cells: attackCells("mnist-base", "fgsm", largeEps)}},
	), "The paper says of the gradient-regularised model at eps .5: lower than 60 %. The weight is that of the squared gradient of each image's cross-entropy; the disentangled model is compared with that of weight 1, since larger weights cost much accuracy without attack."),
	distillationTable(),
	defencesTable(),
	{Name: "comparators", Train: familiarHalf, Title: "smallNORB: networks that know about pose, accuracy on novel viewpoints, %", Head: "network", Columns: []string{"azimuth", "elevation", "azimuth, familiar", "elevation, familiar"},
		Notes: []string{norbNote, "The paper compares with the figure that Hinton et al. 2018 state for their capsules alone.",
			"The spatial transformer (affine, Jaderberg et al. 2015) warps the image before the encoder; its code is not split. Of the capsules' two kinds of routing EM is Hinton's; self-routing (Hahn et al. 2019) is cheaper."},
		Rows: []Row{
			poseRow("base CNN, AT", "base-at"), poseRow("disentangled, AT and CR", "disentangled-at-cr"), poseRow("base CNN with a spatial transformer, AT", "base-at-st"),
			{Label: "capsules, EM routing, *paper*", Paper: []float64{86.5, noFigure, noFigure, noFigure}},
			poseRow("capsules, EM routing", "capsules"), poseRow("capsules, self-routing", "capsules-self"),
		}},
}

// poseRow returns the accuracies of an arm on novel and on familiar viewpoints.
func poseRow(label, arm string) Row {
	novel, familiar := viewRow(label, arm, "test", "", ""), viewRow(label, arm, "familiar", "", "")
	novel.Cells = append(novel.Cells, familiar.Cells...)
	return novel
}

// transferRows returns those of a model attacked without its gradient: from a
// substitute trained on its answers (Papernot et al. 2017), and with examples of
// another model.
func transferRows(label, arm, from, rival string) []Row {
	rows := []Row{
		{Label: label + ", from a substitute", Cells: attackCells(arm, "substitute", largeEps)},
		{Label: label + ", from the other model", Cells: attackCells(arm, "transfer(from="+fromRun+")", largeEps)},
		{Label: label + ", random signs", Cells: attackCells(arm, "random", largeEps)},
	}
	for i := range rows[1].Cells {
		rows[1].Cells[i].From = from
	}
	if rival != "" {
		for i, with := range []string{"from a substitute", "from the other model"} {
			rows[i].ComparedWith, rows[i].Alike = rival+", "+with, true
		}
	}
	return rows
}

// rossWeights are those of the squared input gradient, of the arms mnist-ross-N.
var rossWeights = []string{"1", "10", "100"}

func rossRows() (rows []Row) {
	for _, w := range rossWeights {
		rows = append(rows, Row{Label: "gradient-regularised, weight " + w, PaperRow: "gradient-regularised, *paper*", Cells: attackCells("mnist-ross-"+w, "fgsm", largeEps)})
	}
	return rows
}

// distillationTable measures defensive distillation, which the paper cites, by the
// attack of its authors and by those that broke it.
func distillationTable() Table {
	row := func(label, of, rival, arm string) Row {
		return Row{Label: label, PaperRow: of, ComparedWith: rival, Cells: []Cell{
			{Arm: arm, Attack: "jsma"}, {Arm: arm, Attack: "fgsm", Eps: .3}, {Arm: arm, Attack: "fgsm(loss=margin)", Eps: .3}, {Arm: arm, Attack: "pgd(steps=40,loss=margin)", Eps: .3},
		}}
	}
	const plain, distilled, printed = "not distilled", "distilled at temperature 100", ", *its paper*"
	return Table{Name: "distillation", Title: "Distillation as a defence (Papernot et al. 2016): MNIST", Head: "network", Success: Conditional, Images: 200, SmallImages: 20,
		Columns: []string{"JSMA", "FGSM .3", "FGSM .3, margin", "PGD-40 .3, margin"},
		Notes: []string{"Papernot et al.: \"reduce effectiveness of sample creation from 95% to less than 0.5%\" (JSMA towards each other class; here any other class counts). At temperature 1 the cross-entropy of a distilled model is saturated; the margin of its logits is not (Carlini and Wagner 2017).",
			"The teacher, trained at temperature 100, gives the labels of the distilled network."},
		Rows: []Row{
			{Label: plain + printed, Paper: []float64{95, noFigure, noFigure, noFigure}}, row(plain, plain+printed, "", "mnist-base"),
			{Label: distilled + printed, Paper: []float64{.5, noFigure, noFigure, noFigure}, Below: true}, row(distilled, distilled+printed, plain, "mnist-distilled"),
			row("teacher", "", "", "mnist-teacher"),
		}}
}

// broken is a defence that the paper cites.
type broken struct {
	label, claim string
	arm, defence string
	adaptive     string  // what breaks it
	claimed      float64 // its paper's accuracy under attack, in whatever setting
}

var brokenDefences = []broken{
	{"thermometer encoding", "Buckman et al.", "mnist-thermometer", "", "pgd(steps=40,gradient=straight-through)", 94.3},
	{"bit depth 3", "Guo et al.", "mnist-base", "bits(depth=3)", "pgd(steps=40,gradient=straight-through)", noFigure},
	{"JPEG, quality 75", "Guo et al.", "mnist-base", "jpeg(quality=75)", "pgd(steps=40,gradient=straight-through)", noFigure},
	{"total variation", "Guo et al.", "mnist-base", "tv(weight=.03,drop=.5)", "pgd(steps=40,gradient=straight-through,eot=10)", 60},
	{"stochastic activation pruning", "Dhillon et al.", "mnist-base", "sap(samples=1)", "pgd(steps=40,eot=10)", noFigure},
}

// defenceEps is the size of the attacks on defences.
const defenceEps = .2

// defencesTable measures the defences that the paper cites: with examples made on a
// network without the defence (a grey box), with the plain gradient, and with the
// attack that broke it (Athalye, Carlini and Wagner 2018).
func defencesTable() Table {
	t := Table{Name: "defences", Title: "Defences that the paper cites: MNIST, PGD-40, eps .2", Head: "defence", Success: UnderAttack, Images: 500, SmallImages: 20,
		Columns: []string{"without attack", "grey box", "plain gradient", "adaptive"},
		Notes: []string{"Grey box: examples made on the base CNN without the defence, by MI-FGSM (20 steps of eps/5, of which four iterates count). Adaptive: straight-through gradients where the defence has none (BPDA), means over 10 draws where it is random (EOT).",
			"Claimed: Buckman et al. 94.3 % on MNIST with adversarial training under white-box attack; Guo et al. that their best defence eliminates 60 % of strong grey-box attacks (ImageNet); Dhillon et al. give no figure of this kind.",
			"Of these defences, without adversarial training, Athalye et al. leave 0 %."},
	}
	for _, b := range brokenDefences {
		claimed := Row{Label: b.label + ", *" + b.claim + "*", Paper: []float64{noFigure, noFigure, b.claimed, noFigure}}
		if b.label == "total variation" {
			claimed.Paper = []float64{noFigure, b.claimed, noFigure, noFigure}
		}
		cell := func(attack string) Cell { return Cell{Arm: b.arm, Attack: attack, Eps: defenceEps, Defence: b.defence} }
		grey := cell("transfer(from=" + fromRun + ")")
		grey.From = "mnist-base"
		clean := cell("pgd(steps=40)")
		clean.Clean = true
		t.Rows = append(t.Rows, claimed, Row{Label: b.label, Cells: []Cell{clean, grey, cell("pgd(steps=40)"), cell(b.adaptive)}})
	}
	none := Cell{Arm: "mnist-base", Attack: "pgd(steps=40)", Eps: defenceEps}
	clean, grey := none, Cell{Arm: "mnist-base", Attack: "transfer(from=" + fromRun + ")", Eps: defenceEps, From: "mnist-base"}
	clean.Clean = true
	t.Rows = append(t.Rows, Row{Label: "no defence", Cells: []Cell{clean, grey, none, none}})
	return t
}
