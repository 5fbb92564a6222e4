package graphs

// CutDeviation is checked by integration.
const CutDeviation = cutDeviation
