package evaluation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/experiment"
)

// shardProofsFile is the file of [shardProofs] in the folder of a shard.
const shardProofsFile = "proofs.json"

// shardProofs are what a shard proved of its images.
type shardProofs struct {
	Before certify.Certificate `json:"before_attacks"` // which attempts it left out follows from this
	After  certify.Certificate `json:"after_attacks"`
}

// newShardProofs opens the journal of the proofs of a shard; nil where the
// configuration asks for none.
func (e *Evaluator) newShardProofs(set attacks.Images, folder string, o Options) (*proofs, error) {
	if e.prover == nil {
		return nil, nil
	}
	path := filepath.Join(folder, proofJournalFile)
	if o.Restart {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, files.NotWritten(folder, err)
		}
	}
	o.Shard = e.shard
	return e.openProofJournal(set, o, nil, func(identity any) (*certify.Journal, error) {
		j, err := certify.OpenJournal(path, identity)
		return j, refuseJournal(err)
	})
}

// finished tells whether all proofs were tried; true of none.
func (p *proofs) finished() bool { return p == nil || p.known != nil && p.known.Stopped == "" }

// copyKnown is what is known now.
func (p *proofs) copyKnown() certify.Certificate {
	if p == nil || p.known == nil {
		return certify.Certificate{}
	}
	c := *p.known
	c.Images = slices.Clone(c.Images)
	return c
}

// saveShardProofs writes what a shard proved into its folder.
func saveShardProofs(folder string, s shardProofs) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(folder, shardProofsFile), append(raw, '\n'))
}

// readShardProofs reads what a shard proved of the images of set, and refuses what
// it cannot have written.
func (e *Evaluator) readShardProofs(s Shard, set attacks.Images) (p shardProofs, err error) {
	path := filepath.Join(s.Folder, shardProofsFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		return p, files.NotRead(path, err)
	}
	model, err := e.FunctionHash()
	if err != nil {
		return p, err
	}
	if err = json.Unmarshal(raw, &p); err == nil {
		err = errors.Join(checkShardProofs(&p.Before, model, set), checkShardProofs(&p.After, model, set))
	}
	if err != nil {
		return p, experiment.NewConfigError(fmt.Errorf("%s: shard %s: %w: make the shard anew (--restart)", files.ShortPath(path), s.Which, err))
	}
	return p, nil
}

func checkShardProofs(c *certify.Certificate, model string, set attacks.Images) error {
	if c.Model != model || c.Data != HashData(set) || len(c.Images) != set.Len() {
		return fmt.Errorf("want proofs of this model and these %d images, got others", set.Len())
	}
	for i, p := range c.Images {
		wrong := func(a certify.Attempt) bool { return a.By < 0 || a.By >= len(c.Provers) }
		if p.Index != set.Index[i] || p.Label != set.Labels[i] || !(p.Proven >= 0) || !(p.Broken >= 0) || slices.ContainsFunc(p.Attempts, wrong) {
			return fmt.Errorf("image %d: want its place, label and proofs, got others", set.Index[i])
		}
	}
	return nil
}

// mergeProofs puts the proofs of shards together: what was known before attacks, so
// that the engine leaves out the attempts that shards left out, and all of it. Both
// are nil without proofs.
func (e *Evaluator) mergeProofs(set attacks.Images, shards []OpenedShard) (before, after *certify.Certificate, err error) {
	if e.prover == nil {
		return nil, nil, nil
	}
	var early, late []*certify.Certificate
	for _, s := range shards {
		p, err := e.readShardProofs(s.Shard, set)
		if err != nil {
			return nil, nil, err
		}
		early, late = append(early, &p.Before), append(late, &p.After)
	}
	if before, err = certify.Merge(early...); err != nil {
		return nil, nil, experiment.NewConfigError(err)
	}
	if after, err = certify.Merge(late...); err != nil {
		return nil, nil, experiment.NewConfigError(err)
	}
	after.Origin = e.newOrigin(after.Model, set)
	return before, after, nil
}
