package main

import (
	"context"
	"os"
	"path/filepath"
)

// configuration trains for some seconds, and saves, evaluates and logs all the
// time.
const configuration = `
data: {train: 640, validation: 40, test: 60}
model: {appearance: 8, geometry: 8, width: 4}
train: {batch: 16, duration: 240st, checkpoint: 3st, evaluate: 20st, log: 1st, augment: 'deform(stretch=1..2,shift=1..2)'}
attack: {attacks: [random, fgsm], images: 30, eps: '.1 .2'}
`

func (l *loop) trainArgs(name string, resume bool) []string {
	if resume {
		return []string{"train", "--resume", l.path(name)}
	}
	return []string{"train", "--config", l.path("config.yaml"), "--run", l.path(name)}
}

// attackArgs evaluate the run that was never killed. A batch holds one image, so
// that its neighbours, which a resume changes, change no rounding.
func (l *loop) attackArgs(name string, resume bool) []string {
	args := []string{"attack", l.path("alone"), "--out", l.path(name), "--images", "60", "--set", "attack.batch=1", "--precision", "float32",
		"--checks", "0", "--attack", "random", "--attack", "pgd(steps=40,restarts=8)", "--eps", ".02 .1"}
	if resume {
		args = append(args, "--resume")
	}
	return args
}

func (l *loop) exportArgs(name string) []string {
	return []string{"export", l.path("alone"), "--out", l.path(name), "--count", "4"}
}

// perRound is the most kills of one run: then it is let finish.
const perRound = 12

// train kills a training and resumes it, up to perRound times, and compares.
func (l *loop) train(ctx context.Context) error {
	const name = "killed"
	for range perRound {
		resume := exists(l.path(name), "config.yaml")
		done, err := l.kill(ctx, "train", l.trainArgs(name, resume), filepath.Join(l.path(name), "checkpoints"), 20)
		if err != nil {
			return err
		}
		if done || l.counts.kills() >= l.kills {
			break
		}
	}
	if err := l.finish(ctx, l.trainArgs(name, exists(l.path(name), "config.yaml"))); err != nil {
		return err
	}
	if err := compareRuns(l.path(name), l.path("alone")); err != nil {
		return err
	}
	return os.RemoveAll(l.path(name))
}

// attack does so with an evaluation.
func (l *loop) attack(ctx context.Context) error {
	const name = "killed-attack"
	for range perRound {
		resume := exists(l.path(name), "attack/journal.jsonl")
		done, err := l.kill(ctx, "attack", l.attackArgs(name, resume), filepath.Join(l.path(name), "attack"), 2)
		if err != nil {
			return err
		}
		if done || l.counts.kills() >= l.kills {
			break
		}
	}
	if !exists(l.path(name), "attack/evaluation.json") || exists(l.path(name), "attack/journal.jsonl") {
		if err := l.finish(ctx, l.attackArgs(name, exists(l.path(name), "attack/journal.jsonl"))); err != nil {
			return err
		}
	}
	if err := compareEvaluations(l.path(name), l.path("alone-attack")); err != nil {
		return err
	}
	return os.RemoveAll(l.path(name))
}

// export does so with exports to one place: after each kill there is a whole one
// or, before the first, none.
func (l *loop) export(ctx context.Context) error {
	folder := l.path("exports")
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	name := filepath.Join("exports", "model")
	for range perRound / 2 {
		if _, err := l.kill(ctx, "export", l.exportArgs(name), folder, 1); err != nil {
			return err
		}
		if exists(folder, "model") {
			if err := compareFolders(filepath.Join(folder, "model"), l.path("alone-export")); err != nil {
				return err
			}
		}
		if l.counts.kills() >= l.kills {
			break
		}
	}
	if err := l.finish(ctx, l.exportArgs(name)); err != nil {
		return err
	}
	if err := compareFolders(filepath.Join(folder, "model"), l.path("alone-export")); err != nil {
		return err
	}
	if err := noLitter(folder); err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}
