package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/evidence"
	"unwarp/tools/internal/run/experiment"
)

type verifyOptions struct {
	digest  string
	prove   string
	seconds float64
	json    bool
}

const verifyHelp = `Verify recomputes the claims of FILE, which unwarp attack --bundle wrote, with
the model that it names, or with MODEL: a run folder or an export. It infers in
float32.
  digest          of the whole file is that of --digest, which its author
                  published; nothing else protects the manifest
  files           are those of which the hashes were written in the manifest
  model           weights, graph and what configures them
  originals       images and labels, by their hashes
  without attack  the class of each image
  examples        each lies within its distance of its original, in [0,1], and
                  is misclassified
  figures         follow from the examples that were verified
  proofs          of norms are made again by a cheap method, as far as it proves
                  them; the others are named
A line for each claim says whether it holds. Where one does not, the exit code
is 5. Where the bundle has hashes of the originals alone, the images are read
from the model's data set (--set data.path=DIR), or from --data PATH, which a
model that another program wrote needs, and compared with the hashes.

Checks of the attacks' strength are not repeated: that the attacks found nothing
more is no claim that a file can show.`

const noProof = "none"

func newVerify() *cobra.Command {
	var o verifyOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "verify FILE [MODEL]",
		Short: "Recompute the claims of a bundle of evidence",
		Long:  verifyHelp,
		Example: `  unwarp verify evidence.zip
  unwarp verify evidence.zip runs/mnist-base-seed1/export
  unwarp verify evidence.zip --prove alpha-crown --prove-seconds 600
  unwarp verify evidence.zip --digest "$(cat evidence.sha256)"
  unwarp verify evidence.zip net.onnx --data images.npz
  unwarp verify evidence.zip --json | jq .claims`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return fmt.Errorf("verify: want a bundle, and a model or none, got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return runVerify(c.Context(), o, f, args, c.OutOrStdout(), c.ErrOrStderr())
		},
		ValidArgsFunction: completeBundle,
	}
	f = newRunFlags(c, [3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"})
	f.addDataFlag(c, "take the originals, of which the bundle has hashes alone, from `PATH`, the one that the attack had")
	c.Flags().StringVar(&o.digest, "digest", "", "the `SHA256` of the whole file that unwarp attack printed")
	c.Flags().StringVar(&o.prove, "prove", "crown-ibp", "`METHOD` by which proofs are made again, or none")
	c.Flags().Float64Var(&o.seconds, "prove-seconds", 30, "make proofs again for at most `SECONDS`")
	c.Flags().BoolVar(&o.json, "json", false, "print the claims as JSON")
	return c
}

// completeBundle completes the bundle, and then the model.
func completeBundle(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return []string{"zip"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return completeRuns(c, args, typed)
}

func runVerify(ctx context.Context, o verifyOptions, f *runFlags, args []string, out, log io.Writer) error {
	if err := o.check(); err != nil {
		return usage(err)
	}
	b, err := evidence.Open(args[0])
	if err != nil {
		return usage(err)
	}
	s, err := f.bundleSubject(ctx, b, args[1:], log)
	if err != nil {
		return err
	}
	e, err := evaluation.NewVerifier(s)
	if err != nil {
		return err
	}
	defer e.Close()
	claims, err := evidence.Verify(ctx, b, e, o.prover(s))
	if err != nil {
		return err
	}
	claims = append([]evidence.Claim{b.ClaimDigest(o.digest)}, claims...)
	v := evidence.Verdict{Bundle: args[0], Model: s.Source.Path(), Claims: claims}
	if o.json {
		err = writeJSON(out, v)
	} else {
		printVerdict(out, v)
	}
	var unmet error
	if failed := v.Failed(); len(failed) > 0 {
		unmet = unmetError{fmt.Errorf("%s: %d of %d claims do not hold: %s", args[0], len(failed), len(claims), failed[0].What)}
	}
	return errors.Join(err, unmet)
}

// printVerdict prints a line for each claim.
func printVerdict(out io.Writer, v evidence.Verdict) {
	for _, c := range v.Claims {
		fmt.Fprintf(out, "%-14s  %s: %s\n", c.Outcome, printable.Text(c.What), shortenWords(printable.Text(c.Detail), 600))
	}
	if failed := len(v.Failed()); failed > 0 {
		fmt.Fprintf(out, "%d of %d claims do not hold.\n", failed, len(v.Claims))
		return
	}
	fmt.Fprintln(out, "All claims that were recomputed hold.")
}

func (o verifyOptions) check() error {
	if err := evidence.CheckDigest(o.digest); err != nil {
		return fmt.Errorf("--digest: %w", err)
	}
	if !(o.seconds > 0 && o.seconds < 1e9) {
		return fmt.Errorf("--prove-seconds: want a positive number of seconds, got %g", o.seconds)
	}
	if o.prove == noProof {
		return nil
	}
	m, err := certify.Parse(o.prove)
	if err != nil {
		return fmt.Errorf("--prove: %w", err)
	}
	if _, each := m.(certify.EachMethod); !each {
		return fmt.Errorf("--prove: want ibp, crown-ibp, crown, alpha-crown, branch-and-bound or none, got %s: proofs are repeated for each image at its own size", o.prove)
	}
	return nil
}

// bundleSubject opens the model with which a bundle is verified. Where the bundle
// lacks the originals they are read from the model's data set.
func (f *runFlags) bundleSubject(ctx context.Context, b *evidence.Bundle, model []string, log io.Writer) (*experiment.Subject, error) {
	path := b.Model
	if len(model) > 0 {
		path = model[0]
	} else if f.checkpoint = cmp.Or(b.Checkpoint, f.checkpoint); !exists(path) {
		return nil, usage(fmt.Errorf("%s: the model that the bundle names is not there: name it after the bundle", path))
	}
	id, err := b.KnownIdentity()
	if err != nil {
		return nil, err
	}
	f.assumed = id.Preparation()
	src, c, err := f.model(path, log)
	if err != nil {
		return nil, err
	}
	s, err := b.Subject(src, c)
	if err != nil {
		return nil, usage(fmt.Errorf("%s does not fit the bundle: %w", path, err))
	}
	if b.Originals.Pixels != nil {
		return s, nil
	}
	if experiment.IsForeign(src) && c.Data.Path == "" {
		return nil, usage(errors.New("the bundle has hashes of its images alone, and the model names no data: name them with --data PATH, as for unwarp attack"))
	}
	withData, err := experiment.OpenSubject(ctx, src, s.Config)
	if err != nil {
		return nil, err
	}
	withData.OtherData, withData.AllowTrained = true, true // the hashes compare
	set, err := withData.AttackedImages(ctx)
	if err != nil {
		return nil, err
	}
	return s, usage(b.TakeOriginals(set))
}

// prover makes proofs again in a net of its own, which is opened where there are
// proofs; nil for none.
func (o verifyOptions) prover(s *experiment.Subject) evidence.Prove {
	if o.prove == noProof {
		return nil
	}
	return func(ctx context.Context, set attacks.Images, sizes []float32) ([]bool, error) {
		with := *s
		with.Config.Attack.Certify = strings.TrimSpace(o.prove)
		e, err := evaluation.NewVerifier(&with)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		limited, stop := context.WithTimeout(ctx, time.Duration(o.seconds*float64(time.Second)))
		defer stop()
		proven, err := e.Reprove(limited, set, sizes)
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil
		}
		return proven, err
	}
}
