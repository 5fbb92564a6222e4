package doctor

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"unwarp/tools/internal/setup/tflib"
)

// findTimeout bounds the search for the library, which runs Python.
const findTimeout = 30 * time.Second

// checkLibrary compares the running library with graft, with the headers of the
// build, and with what the search finds now.
func (r *Report) checkLibrary(ctx context.Context, fault error) {
	switch {
	case fault != nil:
		r.addBroken("build again with go run ./tools/tf, set "+tflib.EnvLibrary+" to a folder that has it, or take a folder that unwarp bundle made", "%v", fault)
	case !inSeries(r.TensorFlow):
		r.addBroken("build again: go run ./tools/tf go build -o unwarp ./tools/unwarp",
			"the running library is TensorFlow %s, want %s.x, which graft %s was written for", r.TensorFlow, tflib.Series, r.Graft)
	}
	if fault == nil && r.Headers != "" && !sameSeries(r.Headers, r.TensorFlow) {
		r.addBroken("build again: go run ./tools/tf go build -o unwarp ./tools/unwarp",
			"built with the headers of TensorFlow %s but running with the library %s", r.Headers, r.TensorFlow)
	}
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	c, err := tflib.Default(io.Discard)
	if err != nil {
		r.addDoubtful("set "+tflib.EnvCache+" to a folder that you can write to", "%v", err)
		return
	}
	lib, tried, err := c.Find(ctx)
	r.Searched = append(r.Searched, tried...)
	switch {
	case errors.Is(err, tflib.ErrNone):
		r.addDoubtful("go run ./tools/tf COMMAND fetches one before it builds",
			"a new build would find no TensorFlow library on this machine")
		return
	case err != nil:
		r.addDoubtful("see go run ./tools/tf where", "the search for a library fails: %s", strings.TrimPrefix(err.Error(), "tflib: "))
		return
	}
	r.Found = lib.Dir
	if v, err := tflib.HeaderVersion(lib.Include); err == nil && lib.Version != "" && v != lib.Version {
		r.addDoubtful("point "+tflib.EnvLibrary+" at a folder whose library and headers belong together",
			"a new build would take headers %s and library %s, both under %s", v, lib.Version, lib.Dir)
	}
}

func inSeries(version string) bool {
	return version == tflib.Series || strings.HasPrefix(version, tflib.Series+".")
}

// sameSeries compares major and minor version.
func sameSeries(a, b string) bool {
	cut := func(v string) string {
		parts := strings.SplitN(v, ".", 3)
		return strings.Join(parts[:min(2, len(parts))], ".")
	}
	return cut(a) == cut(b)
}
