package config

import (
	"strings"
	"testing"
)

// A method for another threat is refused with the threat that it wants.
func TestMethodsThreat(t *testing.T) {
	for method, want := range map[string]string{"smooth(sigma=.25)": "--norm l2", "cells": "a geometric --threat"} {
		a := DefaultAttack()
		a.Certify = method
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%s: want an error with %q, got %v", method, want, err)
		}
	}
	a := DefaultAttack()
	if a.Certify, a.Threat = "crown", "rotate(30)"; a.Check() == nil || !strings.Contains(a.Check().Error(), "--norm linf") {
		t.Errorf("crown: %v", a.Check())
	}
}
