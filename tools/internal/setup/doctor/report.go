package doctor

import (
	"fmt"

	"unwarp/graphs"
	"unwarp/tools/internal/setup/tflib"
)

// Problem is a fault of the installation and its remedy. A broken installation
// keeps unwarp from working.
type Problem struct {
	Broken bool   `json:"broken"`
	What   string `json:"what"`
	Mend   string `json:"mend"`
}

// Disk is the space on the disk of a folder.
type Disk struct {
	Dir  string `json:"dir"`
	Free uint64 `json:"free"`
	For  string `json:"for"`
}

// Report is the result of an examination.
type Report struct {
	Build
	Loaded      []string      `json:"loaded,omitempty"` // shared libraries of this process
	Found       string        `json:"found,omitempty"`  // what a build would take now
	Searched    []tflib.Tried `json:"searched"`
	Devices     []Device      `json:"devices"`
	Memory      int64         `json:"memory,omitempty"`           // bytes of this machine
	Available   int64         `json:"memory_available,omitempty"` // of them now
	Cores       int           `json:"cores"`
	GoThreads   int           `json:"go_threads"` // GOMAXPROCS
	Threads     int           `json:"threads"`    // configured within one op, 0: all cores
	Device      graphs.Device `json:"device"`     // configured
	Features    []string      `json:"features"`   // of the processor
	Environment []string      `json:"environment"`
	Disks       []Disk        `json:"disks"`
	Workers     []Worker      `json:"workers,omitempty"`
	Problems    []Problem     `json:"problems"`
}

// Broken counts the problems that keep unwarp from working.
func (r Report) Broken() int {
	n := 0
	for _, p := range r.Problems {
		if p.Broken {
			n++
		}
	}
	return n
}

func (r *Report) addBroken(mend, what string, args ...any) {
	r.Problems = append(r.Problems, Problem{true, fmt.Sprintf(what, args...), mend})
}

func (r *Report) addDoubtful(mend, what string, args ...any) {
	r.Problems = append(r.Problems, Problem{false, fmt.Sprintf(what, args...), mend})
}
