package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study/embedding"
)

type embedOptions struct {
	embedding.Request
	attack string
	method string
	part   string
	out    string
	json   bool
}

// bothMethods is the value of --method for all of them.
const bothMethods = "both"

// methodNames are the ways to map codes to the plane.
var methodNames = []string{embedding.TSNE, embedding.PCA, bothMethods}

// noAttack is the value of --attack for codes of clean images alone.
const noAttack = "none"

func (o *embedOptions) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&o.attack, "attack", "fgsm(eps=.3)", "`ATTACK` as unwarp attack takes it, or none")
	c.Flags().StringVar(&o.method, "method", bothMethods, "`HOW` to map: tsne, pca or both")
	c.Flags().IntVar(&o.Count, "count", 1000, "map `N` images, spread over the part; 0 for all, at most 100,000")
	c.Flags().StringVar(&o.part, "part", experiment.AttackedPart, "`PART` of the set to measure: validation, test or familiar")
	c.Flags().IntVar(&o.Fit, "fit", 5000, "compare with and fit to `N` training images; 0 for all, at most 100,000")
	c.Flags().Float64Var(&o.Perplexity, "perplexity", 30, "effective number of `NEIGHBOURS` in t-SNE; of few images at most a third")
	c.Flags().IntVar(&o.Iterations, "iterations", 1000, "`N` steps of t-SNE")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "`SEED` of t-SNE's start, and of the draws of the FactorVAE score")
	c.Flags().StringVar(&o.out, "out", "", "write the files into `DIR`; default RUN/pictures")
	c.Flags().BoolVar(&o.json, "json", false, "print the measurements as JSON")
}

// checkFlags refuses flags that have no effect together with others.
func (o *embedOptions) checkFlags(flags *pflag.FlagSet) error {
	for _, flag := range []string{"perplexity", "iterations"} {
		if o.method == embedding.PCA && flags.Changed(flag) {
			return fmt.Errorf("--%s is t-SNE's: leave it out, or --method pca", flag)
		}
	}
	if !flags.Changed("perplexity") && o.Count > 0 {
		o.Perplexity = min(o.Perplexity, max(1, float64(o.Count-1)/3))
	}
	for _, flag := range []string{"eps", "norm"} {
		if o.attack == noAttack && flags.Changed(flag) {
			return fmt.Errorf("--%s is an attack's: leave it out, or --attack none", flag)
		}
	}
	if flags.Changed("eps") && !flags.Changed("attack") {
		return fmt.Errorf("--eps: the default attack %s has its own: name the attack too, such as --attack fgsm", o.attack)
	}
	return nil
}

// Bounds of the request. Ten rows are the fewest that a probe is fitted to.
const (
	minMapped     = 10
	maxMapped     = 100000 // also of all: the codes are held in memory
	maxPerplexity = 500    // of each point three times as many neighbours are
	maxIterations = 100000
)

// check refuses wrong values before any work is done, and completes the request.
func (o *embedOptions) check() error {
	switch {
	case o.part == "train":
		return errors.New("--part train: want validation, test or familiar: the probes are fitted to the training images")
	case o.Count != 0 && (o.Count < minMapped || o.Count > maxMapped):
		return fmt.Errorf("--count: want %d to %d images, or 0 for all, got %d", minMapped, maxMapped, o.Count)
	case o.Fit != 0 && (o.Fit < minMapped || o.Fit > maxMapped):
		return fmt.Errorf("--fit: want %d to %d images, or 0 for all, got %d", minMapped, maxMapped, o.Fit)
	case !(o.Perplexity >= 1 && o.Perplexity <= maxPerplexity):
		return fmt.Errorf("--perplexity: want 1 to %d, got %g", maxPerplexity, o.Perplexity)
	case o.Count != 0 && o.method != embedding.PCA && o.Perplexity > float64(o.Count-1):
		return fmt.Errorf("--perplexity: want at most %d for %d images, got %g", o.Count-1, o.Count, o.Perplexity)
	case o.Iterations < 1 || o.Iterations > maxIterations:
		return fmt.Errorf("--iterations: want 1 to %d, got %d", maxIterations, o.Iterations)
	case !slices.Contains(methodNames, o.method):
		return fmt.Errorf("--method: want one of %s, got %q", strings.Join(methodNames, ", "), o.method)
	}
	if o.Count == 0 {
		o.Count = maxMapped
	}
	if o.Fit == 0 {
		o.Fit = maxMapped
	}
	o.Methods = []string{o.method}
	if o.method == bothMethods {
		o.Methods = []string{embedding.TSNE, embedding.PCA}
	}
	return nil
}
