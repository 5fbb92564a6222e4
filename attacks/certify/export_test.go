package certify

// Forge writes a result with a right checksum, as an attacker could.
func (j *Journal) Forge(image int, size float32, prover string, r Result) error {
	return j.add(attemptKey{image, size, prover}, r)
}
