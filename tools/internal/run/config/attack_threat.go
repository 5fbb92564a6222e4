package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/corruption"
	"unwarp/attacks/engine"
	"unwarp/graphs/spec"
)

// MeasuresCorruptions tells whether images are corrupted, which has no attack and
// no size: see package corruption.
func (a Attack) MeasuresCorruptions() bool {
	return corruption.Is(a.Threat) || a.Threat == "" && a.Corruptions != ""
}

// CorruptionChoice says which corruptions are measured.
func (a Attack) CorruptionChoice() (corruption.Choice, error) {
	if a.Threat == "" {
		return corruption.Choice{}, nil
	}
	c, err := corruption.Parse(a.Threat)
	if err != nil {
		err = fmt.Errorf("attack.threat: %w", err)
	}
	return c, err
}

// ParseThreat is what the attacker may do: a norm, that of attack.norm where
// attack.threat names none, or a geometric threat.
func (a Attack) ParseThreat() (attacks.Threat, error) {
	if a.Threat == "" {
		return attacks.Threat{Norm: a.Norm, Lo: 0, Hi: 1, Lattice: a.Lattice}, nil
	}
	if a.MeasuresCorruptions() {
		return attacks.Threat{}, fmt.Errorf("attack.threat: want a threat that has attacks, got %s, under which accuracy is measured", a.Threat)
	}
	t, err := attacks.ParseThreat(a.Threat)
	var unknown *spec.UnknownError
	if errors.As(err, &unknown) && unknown.What == "" { // of the names, geometry knows its own
		err = fmt.Errorf("threat %.40q: %w", a.Threat, &spec.UnknownError{Got: unknown.Got, Known: append(unknown.Known, corruption.Name)})
	}
	if err != nil {
		return t, fmt.Errorf("attack.threat: %w", suggestName(err, nil))
	}
	if t.Lattice = a.Lattice; t.IsGeometric() && a.Lattice > 0 {
		return t, fmt.Errorf("attack.lattice: want a norm, got %s, whose images are made by interpolation: leave --lattice out", t)
	}
	return t, nil
}

// checkThreat refuses a threat, or sizes, that are none.
func (a Attack) checkThreat() error {
	if a.Corruptions != "" && a.Threat != "" && !corruption.Is(a.Threat) {
		return fmt.Errorf("attack.corruptions: want the threat corruption with a folder of corrupted images, got %s", a.Threat)
	}
	if a.MeasuresCorruptions() {
		_, err := a.CorruptionChoice()
		return err
	}
	t, err := a.ParseThreat()
	if err != nil || !t.IsGeometric() {
		return err
	}
	_, err = a.sizes(t)
	return err
}

// sizes are those at which a geometric threat is evaluated.
func (a Attack) sizes(t attacks.Threat) ([]float32, error) {
	if strings.TrimSpace(a.Sizes) == "" {
		return t.UsualSizes(), nil
	}
	sizes, err := attacks.ParseSizes(a.Sizes)
	if err == nil {
		err = t.Admits(sizes)
	}
	if err != nil {
		return nil, fmt.Errorf("attack.%w", err)
	}
	return sizes, nil
}

// movedAttacks are attacks of earlier versions whose changes no norm bounds: what
// they did is a threat of its own now.
var movedAttacks = map[string]string{"spatial": "rotate+translate(30,3px)", "flow": "field(2px,smooth)", "corruption": corruption.Name}

// OwnThreat is the threat of an attack that is none in a norm, and whether the
// attack is one of that threat still; "" of other attacks.
func OwnThreat(text string) (threat string, isAttack bool) {
	name, _, _ := strings.Cut(text, "(")
	name = strings.TrimSpace(name)
	if moved := movedAttacks[name]; moved != "" {
		return moved, false
	}
	e, _ := attacks.Lookup(name)
	return e.UsualThreat, e.UsualThreat != ""
}

// isMoved names the threat that has taken the place of an attack.
func isMoved(text string) (threat string, moved bool) {
	threat, is := OwnThreat(text)
	return threat, threat != "" && !is
}

// geometricAttacks are the attacks on a geometric threat: those of the list that
// are defined for it, or where there are none the threat's ensemble standard.
func (a Attack) geometricAttacks(t attacks.Threat, v attacks.Victim) (list []attacks.Attack, skipped []string, err error) {
	for _, text := range a.Attacks {
		members, _, err := parseMembers(text)
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(attacks.Ensembles, strings.TrimSpace(text)) {
			members = nil // of norms
		}
		for _, k := range members {
			switch reason := attacks.CheckThreat(k, t); {
			case reason == nil:
				list = append(list, k)
			case attacks.About(k).Terms != nil:
				skipped = append(skipped, fmt.Sprintf("%s: %v", attacks.Text(k), reason))
			}
		}
	}
	if len(list) > 0 {
		return list, skipped, nil
	}
	for _, text := range attacks.GeometricEnsemble(t) {
		k, err := attacks.Parse(text)
		if err != nil {
			return nil, nil, err
		}
		if reason := attacks.CheckClasses(k, v.Classes); reason != nil {
			skipped = append(skipped, fmt.Sprintf("%s: %v", text, reason))
			continue
		}
		list = append(list, k)
	}
	return list, skipped, nil
}

// CheckNamed refuses attacks, which were named for a geometric threat, that are
// none of it.
func (a Attack) CheckNamed() error {
	t, err := a.ParseThreat()
	if err != nil || !t.IsGeometric() {
		return err
	}
	for _, text := range a.Attacks {
		if slices.Contains(attacks.Ensembles, strings.TrimSpace(text)) {
			continue
		}
		if other, moved := isMoved(text); moved {
			return fmt.Errorf("attack %q: want one of %s, got the threat %s", text, strings.Join(attacks.GeometricNames(), ", "), other)
		}
		list, _, err := parseMembers(text)
		if err != nil {
			return err
		}
		for _, k := range list {
			if err := attacks.CheckThreat(k, t); err != nil {
				return fmt.Errorf("attack %q: %w", text, err)
			}
		}
	}
	return nil
}

// geometricOptions are the engine's options for a geometric threat.
func (a Attack) geometricOptions(o engine.Options, t attacks.Threat, v attacks.Victim) (engine.Options, []string, error) {
	var err error
	if o.Eps, err = a.sizes(t); err != nil {
		return o, nil, err
	}
	if v.H < 2 || v.W < 2 {
		return o, nil, fmt.Errorf("attack.threat: want images of at least 2x2 pixels for %s, got %dx%d", t, v.H, v.W)
	}
	var skipped []string
	o.Attacks, skipped, err = a.geometricAttacks(t, v)
	return o, skipped, err
}
