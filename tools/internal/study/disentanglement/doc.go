// Package disentanglement measures how well the units of a code hold the factors
// of its images apart, as the field does: the mutual information gap (MIG; Chen et
// al. 2018), disentanglement, completeness and informativeness (DCI; Eastwood and
// Williams 2018), separated attribute predictability (SAP; Kumar et al. 2018) and
// the score of FactorVAE (Kim and Mnih 2018). All are 1 where each factor has a
// unit of its own, and near 0 where units mix factors.
//
// Where the papers leave a choice, it is that of Locatello et al. 2019
// (disentanglement_lib, and disent after it), but for the regression of DCI, which
// is the lasso of its paper: boosted trees for each of a thousand units are out of
// reach.
//
// It imports pipelines for the description of factors, probes and gonum.
package disentanglement
