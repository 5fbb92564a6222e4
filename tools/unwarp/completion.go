package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/defences"
	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study/paper"
	"unwarp/trainer"
)

// completeFlags makes a shell complete the values of a command's flags, and run
// folders where the command takes one.
func completeFlags(c *cobra.Command) {
	words := map[string][]string{
		"checkpoint": {trainer.Last, trainer.Best},
		"part":       partNames,
		"norm":       {string(attacks.Linf), string(attacks.L2), string(attacks.L1)},
		"precision":  {string(graphs.AutoPrecision), string(graphs.Float32), string(graphs.Bfloat16)},
		"defence":    defences.Names(),
		"device":     {"auto", "cpu", "gpu"},
		"field":      fieldNames,
		"method":     methodNames,
		"budget":     {string(paper.Small), string(paper.Full)},
		"input":      {trainer.FloatInput, trainer.Uint8Input},
		"certify":    certify.Names(),
	}
	if c.Name() == "certify" {
		words["method"] = certify.Names()
	}
	for name, list := range words {
		completeFlag(c, name, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp))
	}
	completeFlag(c, "attack", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return slices.Concat(attacks.Ensembles, attacks.Names()), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	completeFlag(c, "set", completeKeys)
	for _, name := range []string{"resume", "source", "baseline", "from"} {
		completeFlag(c, name, completeRuns)
	}
	completeFlag(c, "run", completeFolders)
	if c.Name() != "swap" { // whose --out is a file
		completeFlag(c, "out", completeFolders)
	}
	completeFlag(c, "runs", completeFolders)
	completeFlag(c, "data", completeFolders)
	for name, ending := range map[string][]string{"config": {"yaml", "yml"}, "save": {"npz"}, "reference": {"npz"}, "sheet": {"png"}, "nearest": {"png"}, "framework": {"png"}, "strip": {"png"}, "gif": {"gif"}} {
		completeFlag(c, name, cobra.FixedCompletions(ending, cobra.ShellCompDirectiveFilterFileExt))
	}
	if strings.HasSuffix(c.Use, " RUN") {
		c.ValidArgsFunction = func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeRuns(c, args, typed)
		}
	}
}

func completeFlag(c *cobra.Command, name string, f cobra.CompletionFunc) {
	if c.LocalFlags().Lookup(name) != nil {
		_ = c.RegisterFlagCompletionFunc(name, f) // fails for a flag that has a completion already, which is the same
	}
}

func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeKeys completes configuration keys, each with its equals sign, and after it
// the words that the key takes.
func completeKeys(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if key, _, ok := strings.Cut(typed, "="); ok {
		return completeValues(strings.ToLower(key))
	}
	keys := config.Keys()
	for i := range keys {
		keys[i] += "="
	}
	return keys, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeValues completes the value of a key, with the key before it. What takes
// parameters is left open.
func completeValues(key string) ([]string, cobra.ShellCompDirective) {
	words := config.Choices(key)
	if words == nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	for i, w := range words {
		if words[i] = key + "=" + w; strings.HasSuffix(w, "(") {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	return words, directive
}

// completeRuns completes the run folders below the folder that is being typed, two
// levels deep, newest first: the last one is needed most often.
func completeRuns(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	base := typed[:strings.LastIndex(typed, "/")+1]
	type run struct {
		dir  string
		when int64
	}
	var runs []run
	for _, pattern := range []string{"*", "*/*"} {
		found, _ := filepath.Glob(base + pattern + "/" + experiment.ConfigFile)
		for _, file := range found {
			if info, err := os.Stat(file); err == nil {
				runs = append(runs, run{filepath.Dir(file), info.ModTime().UnixNano()})
			}
		}
	}
	if len(runs) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	slices.SortStableFunc(runs, func(a, b run) int { return int(max(-1, min(1, b.when-a.when))) })
	var dirs []string
	for _, r := range runs {
		dirs = append(dirs, r.dir)
	}
	return dirs, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
