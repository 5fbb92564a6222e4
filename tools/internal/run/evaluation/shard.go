package evaluation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"unwarp/attacks"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// shardFile is the file of a [Shard] in the folder of a shard. Beside it lie
// the journal and the resolved configuration.
const shardFile = "shard.json"

// shardFormat is the version of shardFile.
const shardFormat = 1

// Shard says which part of which evaluation a folder holds, and how far it is.
type Shard struct {
	Format     int    `json:"unwarp_shard"`
	Which      string `json:"shard"` // K/N
	Model      string `json:"model"` // path of the run folder or export
	Checkpoint string `json:"checkpoint"`
	OtherData  bool   `json:"other_data,omitempty"` // data other than the training's are meant
	// AllowTrained says that images which were trained on are meant too.
	AllowTrained bool `json:"allow_trained,omitempty"`

	Keep     int       `json:"examples_stored"`
	Images   int       `json:"images"`            // of the shard
	Correct  int       `json:"correct"`           // of them, classified correctly without attack
	Attempts int       `json:"attempts"`          // that are made
	Of       int       `json:"attempts_of"`       // attempts, of attacks on single images
	Finished bool      `json:"finished"`          // all attempts are made
	Stopped  string    `json:"stopped,omitempty"` // why not, where a budget ended
	Seconds  float64   `json:"seconds"`           // of all commands that worked on it
	Machine  string    `json:"machine"`
	Command  string    `json:"command"`
	Date     time.Time `json:"date"`

	Folder string `json:"-"`
}

// ShardFolder is where a shard lies below the folder of its evaluation.
func ShardFolder(folder string, s attacks.Shard) string {
	return filepath.Join(folder, report.AttackDir, fmt.Sprintf("shard-%d-of-%d", s.K, s.N))
}

// ReadShard reads what lies in the folder of a shard; fs.ErrNotExist says that it
// is none.
func ReadShard(folder string) (Shard, error) {
	path := filepath.Join(folder, shardFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Shard{}, err
	} else if err != nil {
		return Shard{}, files.NotRead(path, err)
	}
	s := Shard{Folder: folder}
	damaged := func(err error) (Shard, error) {
		return Shard{}, fmt.Errorf("%s: want what unwarp attack --shard writes: %w: make the shard anew (--restart)", files.ShortPath(path), err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return damaged(err)
	}
	if s.Format != shardFormat {
		return damaged(fmt.Errorf("want version %d, got %d", shardFormat, s.Format))
	}
	if p, err := attacks.ParseShard(s.Which); err != nil || p.IsWhole() {
		return damaged(fmt.Errorf("shard: want K/N, got %.20q", s.Which))
	}
	return s, nil
}

// Part is which shard it is.
func (s Shard) Part() attacks.Shard {
	p, _ := attacks.ParseShard(s.Which) // checked by ReadShard
	return p
}

// save writes s into its folder.
func (s Shard) save() error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(s.Folder, shardFile), append(raw, '\n'))
}

// ReadConfig is the configuration of the shard's evaluation.
func (s Shard) ReadConfig() (config.Config, error) {
	path := filepath.Join(s.Folder, experiment.ConfigFile)
	r, err := config.ReadRecorded(path)
	if err == nil && len(r.Missing) > 0 {
		err = fmt.Errorf("%s: want all keys, but %s is missing: the file is cut", files.ShortPath(path), r.Missing[0])
	}
	if err != nil {
		return r.Config, experiment.NewConfigError(fmt.Errorf("%w: restore the file, or make the shard anew (--restart)", err))
	}
	return r.Config, nil
}

// writeConfig writes the configuration of e with paths that hold in any folder.
func (s Shard) writeConfig(c config.Config) error {
	c.Attack.Sources = append([]string{}, c.Attack.Sources...)
	paths := []*string{&c.Data.Path, &c.Attack.Baseline}
	for i := range c.Attack.Sources {
		paths = append(paths, &c.Attack.Sources[i])
	}
	for _, path := range paths {
		if *path != "" {
			var err error
			if *path, err = filepath.Abs(*path); err != nil {
				return err
			}
		}
	}
	raw, err := c.YAML()
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(s.Folder, experiment.ConfigFile), raw)
}
