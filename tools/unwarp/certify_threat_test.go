package main

import (
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
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

// attack --certify takes the method of the threat that --threat names, or one for it.
func TestAttackCertifiesTheThreat(t *testing.T) {
	run := provable(t)
	for _, certify := range []string{"--certify", "--certify=cells"} {
		var r report.Record
		must(t, "attack", run, certify, "--threat", "translate(1px,whole)", "--attack", "moves", "--images", "4", "--checks", "0", "--out", t.TempDir(), "--json").decode(t, &r)
		if len(r.Certificates) != 1 || r.Certificates[0].Threat != "translate(1px,whole)" {
			t.Errorf("%s: want proofs of the moves, got %+v", certify, r.Certificates)
		}
	}
	wrong := unwarp(t, "attack", run, "--certify=cells", "--eps", ".1", "--images", "4", "--out", t.TempDir())
	wrong.fails(t, exitUsage, "cells proves nothing under linf")
}

// Radii of a geometric threat are searched up to its size, and no further.
func TestRadiusOfAThreat(t *testing.T) {
	var r report.Record
	must(t, "certify", provable(t), "--threat", "scale(.1)", "--sizes", ".02", "--radius", "--method", "cells(seconds=1,cells=20,tries=5)", "--images", "3", "--out", t.TempDir(), "--json").decode(t, &r)
	some := false
	for _, p := range r.Certificates[0].Images {
		some = some || p.Proven > 0
		if p.Proven > float32(.1) {
			t.Errorf("want at most the size .1, got %g", p.Proven)
		}
	}
	if !some {
		t.Error("want an image that is proven at some size")
	}
}
