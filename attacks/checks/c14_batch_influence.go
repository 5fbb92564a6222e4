package checks

import (
	"fmt"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

var _ = register(Check{
	ID: "C14", Title: "Images do not influence each other",
	Threshold: "logits of an image alone and in a batch within 1e-4 of their spread",
	Source:    "foolbox issue 74",
	needs:     needsModel | needsDeterminism, judge: judgeBatchInfluence,
})

func judgeBatchInfluence(c *checkContext) (verdict, error) {
	images := c.sampleImages()
	inBatch, err := c.reference.CentredLogits(images...)
	if err != nil {
		return verdict{}, err
	}
	single := engine.NewBatchRunner(c.Reference, 1)
	v, largest := verdict{status: Pass}, 0.
	for i, img := range images {
		if err := c.ctx.Err(); err != nil {
			return v, err
		}
		alone, err := single.CentredLogits(img)
		if err != nil {
			return v, err
		}
		difference := shareOf(attacks.Linf.Distance(alone[0], inBatch[i]), c.spread(inBatch[i]))
		largest = max(largest, difference)
		if difference > 1e-4 {
			v.images = append(v.images, c.sample.Index[i])
		}
	}
	v.value = fmt.Sprintf("logits alone and in a batch differ by up to %.2g of their spread", largest)
	if len(v.images) > 0 {
		v.status = Fail
		v.advice = "batch normalisation or a similar layer is in training mode: images of a batch influence each other, and their gradients mix"
	}
	return v, nil
}
