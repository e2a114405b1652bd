// Runtime: how containers are run on a node.
//
// `RuntimeDriver` is what the node agent asks for sandboxes, containers, images, statistics and streams; the types it
// speaks in are in Types/ and are named like those of the Container Runtime Interface (CRI, package runtime.v1).
// `CRIRuntime` (CRI/) is the driver for containerd and CRI-O. `ContainerdSupervisor` (Containerd/) runs a containerd of
// our own with the options this host needs, `CNIConfiguration` writes what its network plugins read, and Images/ makes
// and imports image archives. Streams/ carries exec, attach and port-forward to the runtime's streaming server.
//
// Where a name here is also one of the API module's (`ContainerStatus`), write `Runtime.ContainerStatus`.
