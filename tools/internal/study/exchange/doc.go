// Package exchange exchanges appearance and geometric codes between images (Duan
// et al., section 3.3 and figure 3): it counts whose class the model predicts
// for the exchanges, and collects what package drawing draws.
//
// It imports study, drawing, report (for rates), pipelines and trainer.
package exchange
