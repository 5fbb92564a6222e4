package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/embedding"
)

func newEmbed() *cobra.Command {
	var o embedOptions
	var f *runFlags
	c := &cobra.Command{
		Use:        "embed RUN",
		SuggestFor: []string{"tsne", "embedding"},
		Short:      "Map the codes of images before and after an attack",
		Long: `Embed maps the codes of test images to the plane, before and after an attack, as
figure 4 of Duan et al.: t-SNE (van der Maaten and Hinton 2008, in Barnes and
Hut's approximation, van der Maaten 2014) and the first two principal
components. Of a disentangled model it maps the embedding, the appearance code
and the geometric code; of others the embedding. Colours are classes, squares
images before the attack, triangles after. Both are laid out together.

After the attack, an image is replaced by the smallest adversarial example found
within the attack's eps, or if none was found by the last one tried. Images that
are misclassified without attack are not attacked: the maps show them before it
only, and the accuracies after it count them unchanged.

Embed also measures what each code holds: how often the class is predicted
correctly from it, by its 1 and 5 nearest neighbours among training images and
by a linear probe (ridge regression), before and after the attack. On sets whose
factors are known (glyphs, smallNORB, .npz files such as dSprites) it measures
how well a linear map predicts each factor from each code (R², or the share of
a category's values), and how well single units keep the factors apart: the
mutual information gap (MIG), disentanglement, completeness and informativeness
(DCI, by the lasso), separated attribute predictability (SAP) and the score of
FactorVAE. Settings are to be chosen on validation images (--part validation).

The files are embed-tsne and embed-pca, each as .svg and .png, embed.csv with
the coordinates, and embed.json with the measurements.`,
		Example: `  unwarp embed runs/glyphs-disentangled-seed1
  unwarp embed RUN --attack "pgd(eps=.1)" --count 500
  unwarp embed RUN --attack none --method pca
  unwarp embed RUN --perplexity 50 --iterations 2000 --out figure4
  unwarp embed RUN --part validation --attack none
  unwarp embed RUN --method pca --json | jq .codes`,
		Args: oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.checkFlags(c.Flags()); err != nil {
				return usage(err)
			}
			return runEmbed(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c,
		[3]string{"eps", "attack.eps", "`RADII` of an attack that names none of its own"},
		[3]string{"norm", "attack.norm", "`NORM` of the perturbation: linf, l2 or l1"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	o.addFlags(c)
	return c
}

func runEmbed(ctx context.Context, o embedOptions, f *runFlags, dir string, out, log io.Writer) error {
	if err := o.check(); err != nil {
		return usage(err)
	}
	if err := refuseForeign("embed", dir, "a run folder or an export of unwarp, whose codes are mapped"); err != nil {
		return err
	}
	folder, err := embedFolder(o, dir)
	if err != nil {
		return err
	}
	if o.attack != noAttack {
		f.attacks = []string{o.attack}
	}
	x, _, err := f.open(ctx, dir, log)
	if err != nil {
		return err
	}
	defer x.Close()
	if err := makeFigureFolder("--out", folder); err != nil {
		return err // before the work
	}
	train, err := takePart(ctx, &x.Subject, "train")
	if err != nil {
		return err
	}
	test, err := takePart(ctx, &x.Subject, o.part)
	if err != nil {
		return err
	}
	bar := &layoutBar{log: log, steps: o.Iterations}
	in := embedding.Input{
		Model: study.NewModel(x), Codes: embedding.Codes(x.Graph.Model.Warp),
		Train: train, Test: test, Progress: bar.show,
	}
	if o.attack != noAttack {
		in.Attack = func(ctx context.Context, set attacks.Images) (*attacks.Evaluation, error) {
			return attackSample(ctx, x, set, log)
		}
	}
	result, err := embedding.Run(ctx, in, o.Request)
	bar.done()
	if err != nil {
		return err
	}
	r := newEmbedReport(dir, f.checkpoint, x.Config, o, result)
	if r.OtherData, err = printTitle(ctx, &x.Subject, o.part, result.Images, o.json, out, log); err != nil {
		return err
	}
	if err := r.writeFiles(folder, result, pipelines.ClassNames(x.Data.Test), x.Graph.Model.Classes); err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, r)
	}
	r.print(out)
	return nil
}
