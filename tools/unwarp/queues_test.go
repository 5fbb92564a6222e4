package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"unwarp/attacks"
)

// shardsPage are the blocks of code of the page on shards below a heading.
func shardsPage(t *testing.T, heading, language string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "attacks", "SHARDS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for i, block := range strings.Split(section, "```") {
		if code, ok := strings.CutPrefix(block, language+"\n"); ok && i%2 == 1 {
			blocks = append(blocks, code)
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("want a block of %s below %q", language, heading)
	}
	return blocks
}

// runScript runs a script as a queue would, with programs that write down how they
// were called: unwarp, which ends with code, and those of the queue. srun runs what
// it is given.
func runScript(t *testing.T, script string, code int, env ...string) (calls [][]string) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	bin := t.TempDir()
	record := fmt.Sprintf("#!/bin/sh\n{ printf '%%s\\n' \"${0##*/}\" \"$@\"; echo; } >> '%s/calls'\n", bin)
	for name, then := range map[string]string{
		"unwarp": fmt.Sprintf("exit %d\n", code), "scontrol": "", "sbatch": "echo 4711\n",
		"srun": "while [ \"${1#--}\" != \"$1\" ]; do shift; done\nexec \"$@\"\n",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(record+then), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("sh", "-u", "-c", script)
	c.Env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH")}, env...)
	if out, err := c.CombinedOutput(); c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		t.Fatalf("want exit code %d, got %v:\n%s", code, err, out)
	}
	said, err := os.ReadFile(filepath.Join(bin, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	for call := range strings.SplitSeq(strings.TrimSpace(string(said)), "\n\n") {
		calls = append(calls, strings.Split(call, "\n"))
	}
	return calls
}

// attacksShard checks a call of unwarp attack, as the command reads it.
func attacksShard(t *testing.T, call []string, run, shard string) {
	t.Helper()
	if len(call) < 3 || !slices.Equal(call[:3], []string{"unwarp", "attack", run}) {
		t.Fatalf("want unwarp attack %s, got %q", run, call)
	}
	c := newAttack()
	if err := c.ParseFlags(call[3:]); err != nil || c.Flags().NArg() > 0 {
		t.Errorf("%q: %v, %v", call, err, c.Flags().Args())
	}
	s, err := attacks.ParseShard(c.Flag("shard").Value.String())
	if err != nil || s.String() != shard || c.Flag("resume").Value.String() != "true" {
		t.Errorf("want shard %s, to be resumed, got %v of %q, %v", shard, s, call, err)
	}
}

// TestSlurm: each task of the array attacks its shard on its cores, and is queued
// again when its time is up.
func TestSlurm(t *testing.T) {
	blocks := shardsPage(t, "Slurm", "sh")
	set := []string{"RUN=runs/a b", "SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_COUNT=8", "SLURM_JOB_ID=99", "SLURM_CPUS_PER_TASK=4"}
	for _, code := range []int{0, 1, 130} {
		calls := runScript(t, blocks[0], code, set...)
		if !slices.Equal(calls[0][:2], []string{"srun", "--cpus-per-task=4"}) {
			t.Errorf("want srun on 4 cores, got %q", calls[0])
		}
		attacksShard(t, calls[1], "runs/a b", "3/8")
		if again := len(calls) > 2 && slices.Equal(calls[2], []string{"scontrol", "requeue", "99"}); again != (code == 130) {
			t.Errorf("exit code %d: got %q", code, calls)
		}
	}
	if !strings.Contains(blocks[0], "#SBATCH --array=1-8\n") {
		t.Error("want tasks that are counted from 1")
	}
	calls := runScript(t, blocks[1], 0)
	if len(calls) != 2 || !slices.Contains(calls[1], "--dependency=afterok:4711") || calls[1][len(calls[1])-1] != "unwarp attack merge runs/mnist-base-seed1" {
		t.Errorf("want a merge after the array, got %q", calls)
	}
}

// job is what a Job of Kubernetes may say, as far as the example says it: batch/v1
// of the API reference, with its names and types.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Parallelism    int
		BackoffLimit   int `yaml:"backoffLimit"`
		Template       struct {
			Spec struct {
				RestartPolicy   string `yaml:"restartPolicy"`
				SecurityContext struct {
					RunAsUser int `yaml:"runAsUser"`
					FSGroup   int `yaml:"fsGroup"`
				} `yaml:"securityContext"`
				Containers []struct {
					Name, Image   string
					Command, Args []string
					Resources     struct{ Requests map[string]string }
					VolumeMounts  []struct {
						Name      string
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
				Volumes []struct {
					Name  string
					Claim struct {
						Name string `yaml:"claimName"`
					} `yaml:"persistentVolumeClaim"`
				}
			}
		}
	}
}

// TestKubernetes: the Job has the fields of its kind, and each of its pods attacks
// its shard.
func TestKubernetes(t *testing.T) {
	var j job
	d := yaml.NewDecoder(strings.NewReader(shardsPage(t, "Kubernetes", "yaml")[0]))
	d.KnownFields(true)
	if err := d.Decode(&j); err != nil {
		t.Fatal(err)
	}
	pod := j.Spec.Template.Spec
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Metadata.Name == "" || j.Spec.CompletionMode != "Indexed" || j.Spec.Parallelism < 1 || j.Spec.BackoffLimit < 1 {
		t.Errorf("want an indexed Job, got %+v", j)
	}
	if pod.RestartPolicy != "OnFailure" && pod.RestartPolicy != "Never" || len(pod.Containers) != 1 || pod.SecurityContext.RunAsUser != pod.SecurityContext.FSGroup {
		t.Fatalf("want a pod of a Job, got %+v", pod)
	}
	c := pod.Containers[0]
	if len(c.VolumeMounts) != 1 || len(pod.Volumes) != 1 || c.VolumeMounts[0].Name != pod.Volumes[0].Name || pod.Volumes[0].Claim.Name == "" || !strings.HasPrefix(c.VolumeMounts[0].MountPath, "/") {
		t.Errorf("want a mounted volume, got %+v and %+v", c, pod.Volumes)
	}
	if !slices.Equal(c.Command, []string{"sh", "-c"}) || len(c.Args) != 1 {
		t.Fatalf("want a script, got %q %q", c.Command, c.Args)
	}
	for index := range j.Spec.Completions {
		calls := runScript(t, c.Args[0], 0, fmt.Sprintf("JOB_COMPLETION_INDEX=%d", index))
		attacksShard(t, calls[0], c.VolumeMounts[0].MountPath+"/run", fmt.Sprintf("%d/%d", index+1, j.Spec.Completions))
	}
}
