// Package reproduce schedules the experiments of package paper: it finds out
// which trainings and measurements are finished, has the missing ones made by a
// [Worker], and compares the results with the paper's. All results are kept in
// run folders, so an interrupted reproduction continues where it ended.
//
// It imports study, paper, report and tools/internal/run, attacks, pipelines and
// trainer.
package reproduce
