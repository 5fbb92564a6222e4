// Package figures draws what the codes of a model hold: exchanges and
// interpolations of codes (figure 3 of Duan et al.) and maps of codes (figure 4).
package figures
