/* SPDX-License-Identifier: Apache-2.0 */
/* The structures of this library are too large for Swift to import: CIgzip wraps them. */
