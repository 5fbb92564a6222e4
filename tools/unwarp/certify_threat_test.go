package main

import (
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/run/config"
)

// A flag that the threat leaves without effect is refused, with the one that is
// meant.
func TestSizesFitTheThreat(t *testing.T) {
	norm, turned := config.Attack{Norm: attacks.Linf}, config.Attack{Threat: "rotate(30)"}
	for _, c := range []struct {
		o    certifyOptions
		a    config.Attack
		want string
	}{
		{certifyOptions{eps: true}, norm, ""},
		{certifyOptions{sizes: true}, turned, ""},
		{certifyOptions{eps: true}, turned, "--eps: want --sizes for rotate(30), in degrees"},
		{certifyOptions{sizes: true}, norm, "--sizes: want --eps for linf"},
	} {
		err := c.o.checkSizes(c.a)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v of %s: got %v, want %q", c.o, c.a.Threat, err, c.want)
		}
	}
}
