// Package report stores evaluations under attack, and describes trainings,
// evaluations and exports in text, tables, charts, pictures and one HTML page.
//
// It imports attacks, pipelines, trainer, the configuration (tools/internal/run)
// and npz; commands and studies import it.
package report
