package trainer

import (
	"fmt"

	"unwarp/graphs"
)

// checkSpatialTransformer refuses a spatial transformer beside what needs bounds.
func (c Config) checkSpatialTransformer(m graphs.Disentangled) error {
	needs := ""
	switch {
	case m.SpatialTransformer == nil:
	case !c.Certified.Off():
		needs = "train.certified"
	case c.Verified.resolve(c.Certified).On():
		needs = "train.verified"
	}
	if needs == "" {
		return nil
	}
	return fmt.Errorf("%s: want model.spatial_transformer=none beside it, got %s, which has no bounds: leave one of them out", needs, m.Config.SpatialTransformer)
}

// checkTransform refuses a transform of the images, through which no gradient goes,
// beside training that follows the gradient of the images.
func (c Config) checkTransform(m graphs.Disentangled) error {
	follows := ""
	switch {
	case !m.Config.HasTransform():
	case !c.Adversary.Off():
		follows = "train.adversary"
	case c.Objective.InputGradient > 0:
		follows = "train.objective.input_gradient"
	case !c.Objective.Swap.Off():
		follows = "train.objective.swap" // the gradient of images that are encoded again
	case c.Attacked.resolve(c.Adversary).On():
		follows = "train.attacked"
	}
	if follows == "" {
		return nil
	}
	return fmt.Errorf("%s: want model.transform=none beside it, got %s, which has no gradient to follow: leave one of them out", follows, m.Config.Transform)
}
