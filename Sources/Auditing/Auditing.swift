// SPDX-License-Identifier: Apache-2.0

// Rules of a user's own for what images must be: one file in YAML, read into values.
//
// In come the bytes of the file; out go rules, each with a name, a severity, a reason and what it asks of an object.
//
// What must not be in here: objects, files, how a rule is answered (`AuditCommands`).
