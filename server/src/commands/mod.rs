//! The command line.

mod admin;
mod assistant;
mod care;
mod key;
mod knowledge;
mod migrate;
mod serve;
mod site;

use std::io::Read;

use anyhow::Context;
use clap::{Parser, Subcommand};
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::problem::Problem;

use crate::config::{Installation, ServeConfig};
use crate::store::{Store, Tenant};

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
    /// What a business sets of its site: origins, look, words, hours
    #[command(subcommand)]
    Site(site::SiteCommand),
    /// What the assistant may answer with: texts of the business
    #[command(subcommand)]
    Knowledge(knowledge::KnowledgeCommand),
    /// The language model that answers a business's visitors
    #[command(subcommand)]
    Assistant(assistant::AssistantCommand),
    /// Make leads from chats that are older than this system; can be broken off and run again
    Migrate(migrate::MigrateCommand),
    /// Write everything into one file, while the server runs
    Backup(care::BackupCommand),
    /// Fill an empty store from such a file
    Restore(care::RestoreCommand),
    /// Look for what should not be
    Doctor(care::DoctorCommand),
}

impl Cli {
    /// Does what the command line says; an error is a sentence for whoever typed it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve(config) => serve::run(&self.installation, &config).await,
            Command::Admin(command) => command.run(&self.installation).await,
            Command::Key(command) => command.run(&self.installation).await,
            Command::Site(command) => command.run(&self.installation).await,
            Command::Knowledge(command) => command.run(&self.installation).await,
            Command::Assistant(command) => command.run(&self.installation).await,
            Command::Migrate(command) => command.run(&self.installation).await,
            Command::Backup(command) => command.run(&self.installation).await,
            Command::Restore(command) => command.run(&self.installation).await,
            Command::Doctor(command) => command.run(&self.installation).await,
        }
    }
}

/// The text of a file, or of the input where it is called `-`; `named` is what a failure speaks of.
fn read_file(file: &str, named: &str) -> anyhow::Result<String> {
    if file != "-" {
        return std::fs::read_to_string(file).with_context(|| format!("{named}: {file} cannot be read"));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .with_context(|| format!("{named}: the input cannot be read"))?;
    Ok(text)
}

/// The business that `--admin` names.
async fn tenant(store: &dyn Store, admin: &AdminId) -> anyhow::Result<Tenant> {
    let site = store.admins().await?.into_iter().find(|known| known.id == *admin);
    let site = site.with_context(|| format!("--admin: there is no business {admin}"))?;
    let site = store.site(&site.site_key).await?.context("the business was removed meanwhile")?;
    Ok(site.tenant)
}

/// What is wrong, a line a field.
fn said(problem: Problem) -> anyhow::Error {
    let lines = problem.errors.iter().map(|error| format!("{} {}", error.field, error.message));
    anyhow::anyhow!(lines.collect::<Vec<_>>().join("\n"))
}
