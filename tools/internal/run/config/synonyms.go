package config

import (
	"slices"
	"strings"
)

// synonyms are words of other programs for keys, in one spelling: letters and digits
// alone. Those that are no key or end of a key are found here.
var synonyms = map[string]string{
	"lr": "train.schedule.rate", "learningrate": "train.schedule.rate", "initiallr": "train.schedule.rate", "lr0": "train.schedule.rate",
	"lrscheduler": "train.schedule.name", "scheduler": "train.schedule.name", "lrschedule": "train.schedule.name", "warmupepochs": "train.schedule.warmup",
	"epochs": "train.duration", "epoch": "train.duration", "numepochs": "train.duration", "nepochs": "train.duration", "steps": "train.duration=500st", "maxsteps": "train.duration=500st", "iterations": "train.duration=500st",
	"batchsize": "train.batch", "bs": "train.batch", "optimizer": "train.optimizer.name", "optimiser": "train.optimizer.name", "optim": "train.optimizer.name",
	"wd": "train.optimizer.weight_decay", "weightdecay": "train.optimizer.weight_decay", "gradclip": "train.optimizer.clip_norm", "clip": "train.optimizer.clip_norm", "ema": "train.average",
	"augmentation": "train.augment", "augmentations": "train.augment", "transforms": "train.augment", "numworkers": "train.workers",
	"arch": "model.encoder", "architecture": "model.encoder", "backbone": "model.encoder", "network": "model.encoder", "type": "model.kind",
	"dataset": "data.set", "datadir": "data.path", "datapath": "data.path", "root": "data.path", "folder": "data.path",
	"imgsize": "data.size", "imgsz": "data.size", "imagesize": "data.size", "inputsize": "data.size", "resolution": "data.size", "grayscale": "data.channels", "valsplit": "data.validation", "testsplit": "data.holdout",
	"output": "run", "outputdir": "run", "outdir": "run", "logdir": "run", "savedir": "run", "name": "run",
	"epsilon": "attack.eps", "gpu": "device", "cuda": "device", "amp": "precision", "fp16": "precision", "bf16": "precision", "mixedprecision": "precision", "dtype": "precision",
}

// Synonym is the key that other programs call name, with a value where it needs
// another, "" where none is known. Of a name with parts, such as train.optimizer.lr,
// the last one decides.
func Synonym(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	plain := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(last))
	key, _, _ := strings.Cut(synonyms[plain], "=")
	if !slices.Contains(Keys(), key) {
		return ""
	}
	return synonyms[plain]
}
