package disentanglement

import "unwarp/pipelines"

// Scores are those of one code.
type Scores struct {
	MIG       float64 `json:"mig"`
	DCI       DCI     `json:"dci"`
	SAP       float64 `json:"sap"`
	FactorVAE float64 `json:"factorvae"`
}

// Measure fits to train, and measures predictions on test; MIG and the score of
// FactorVAE are of train alone. seed draws the batches of the latter. Samples have
// at least 50 rows, 2 units and 2 factors.
func Measure(train, test Sample, factors []pipelines.Factor, seed uint64) (Scores, error) {
	var s Scores
	for _, sample := range []Sample{train, test} {
		if err := sample.check(factors); err != nil {
			return s, err
		}
	}
	s.MIG = measureMIG(train, factors)
	s.DCI = measureDCI(train, test, factors)
	s.SAP = measureSAP(train, test, factors)
	s.FactorVAE = measureFactorVAE(train, factors, seed)
	return s, nil
}
