//! The command line.

mod admin;
mod key;
mod migrate;
mod serve;

use clap::{Parser, Subcommand};

use crate::config::{Installation, ServeConfig};

/// Captures what visitors write, keeps one lead a person, and serves the leads API.
#[derive(Debug, Parser)]
#[command(name = "porchlight", version, about)]
pub struct Cli {
    #[command(flatten)]
    installation: Installation,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take requests until SIGTERM or Ctrl-C; a second signal ends at once
    Serve(ServeConfig),
    /// Businesses
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// API keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Make leads from chats that are older than this system; can be broken off and run again
    Migrate(migrate::MigrateCommand),
}

impl Cli {
    /// Does what the command line says; an error is a sentence for whoever typed it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve(config) => serve::run(&self.installation, &config).await,
            Command::Admin(command) => command.run(&self.installation).await,
            Command::Key(command) => command.run(&self.installation).await,
            Command::Migrate(command) => command.run(&self.installation).await,
        }
    }
}
