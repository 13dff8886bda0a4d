// SPDX-License-Identifier: Apache-2.0

// From an opened object to an answering server, and back to a clean unmount.
// In: a `MountSource` (open files of a tree, directories, an upper on top), a `Mountpoint`, options. Out: a mount that
// answers, or an error and nothing left behind; for an unmount, the server's end.
// `MountBackend` starts, `Unmounting` ends, `ListedMount` tells what is there, `Server` is the background process; uppers are
// opened by `UpperDirectory`, kept by `KeptUpper`; live mounts of running processes are `LiveTarget` and its neighbours.
// Not here: how an object was found, arguments, output. What must be said is returned as a remark.
