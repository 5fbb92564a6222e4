// Package files is the one way in which files are written: whole or not at all,
// by one command at a time, with errors that say what to do.
//
//	[Write], [NewPending]  a file, a folder, under a temporary name until it is whole
//	[Copy]                 a file that may be larger than the memory, likewise
//	[TakeLock]             one command at a time writes into a folder
//	[OpenPlace]            whether a path still names the same folder
//	[NotWritten]           an error of the file system, with its advice
//
// Files and folders get the modes that the process's umask leaves of 0666 and
// 0777. The package is pure Go and knows no other of this module.
package files
