package report

import (
	"fmt"
	"io"
	"strings"

	"unwarp/tools/internal/printable"
	"unwarp/trainer"
)

// PrintExport prints what an export holds, how far its outputs differ from those of
// the trained model on n images, and how to read it.
func PrintExport(w io.Writer, e trainer.ExportReport, n int) {
	form := "float32 in [0,1]"
	if e.Input == trainer.Uint8Input {
		form = "uint8, 0 to 255"
	}
	fmt.Fprintf(w, "SavedModel %s, %.1f MB, takes images as %s\n", e.Path, float64(e.Bytes)/1e6, form)
	fmt.Fprintf(w, "read back and compared with the trained model on %s; largest differences:\n", printable.Count(n, "image"))
	for _, sign := range []string{"serving_default", "embed", "reconstruct"} {
		for i, name := range e.Signatures[sign] {
			title := sign
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(w, "  %-15s  %-14s  %.2g\n", title, name, e.Differences[name])
		}
	}
	for _, sentence := range strings.SplitAfter(trainer.ExportUse, "; ") {
		fmt.Fprintln(w, strings.TrimSpace(sentence))
	}
}
