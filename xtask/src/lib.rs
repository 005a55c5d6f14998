//! What the commands and the whole-system tests share: child processes, the demo site, the edge on this machine.

pub mod edge;
pub mod process;
pub mod site;
