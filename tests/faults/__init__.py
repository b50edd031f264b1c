"""The promises under fire: real processes, real HTTP, real SIGKILL, and figures of what came of it."""
