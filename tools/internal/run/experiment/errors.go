package experiment

// ConfigError is an error that another configuration would mend, found only
// with the data or the model at hand.
type ConfigError struct{ error }

// NewConfigError makes err a [ConfigError].
func NewConfigError(err error) error { return &ConfigError{err} }

// Unwrap is the error itself.
func (e *ConfigError) Unwrap() error { return e.error }

// DamagedError says that a file of an export is not as it was written: no other
// configuration would mend that.
type DamagedError struct{ error }

// Unwrap is the error itself.
func (e *DamagedError) Unwrap() error { return e.error }

// InterruptedError says what an interruption left behind and how to go on.
type InterruptedError string

func (e InterruptedError) Error() string { return string(e) }
