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
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
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
    /// Reads the command line and the environment: a flag `--some-thing` that is not given is taken from
    /// `PORCHLIGHT_SOME_THING`. Ends the process with a sentence where they cannot be read.
    pub fn read() -> Self {
        let matches = with_environment(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

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

/// Gives every flag its environment variable, and lets a number below zero be refused by its flag's name.
fn with_environment(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get_long().map(variable) {
        Some(variable) => {
            let takes_a_value = arg.get_action().takes_values();
            arg.env(variable).allow_negative_numbers(takes_a_value)
        }
        None => arg,
    });
    command.mut_subcommands(with_environment)
}

fn variable(flag: &str) -> String {
    format!("PORCHLIGHT_{}", flag.replace('-', "_").to_uppercase())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(command: &clap::Command) -> Vec<(String, Option<String>)> {
        let own = command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"));
        let env = |arg: &clap::Arg| arg.get_env().and_then(|name| name.to_str()).map(str::to_owned);
        let own = own.filter_map(|arg| Some((arg.get_long()?.to_owned(), env(arg))));
        own.chain(command.get_subcommands().flat_map(flags)).collect()
    }

    #[test]
    fn every_flag_has_its_environment_variable() {
        let mut command = with_environment(Cli::command());
        command.build();
        let flags = flags(&command);
        assert!(flags.len() > 50, "{}", flags.len());
        let has = |name: &str, wanted: &str| flags.contains(&(name.to_owned(), Some(wanted.to_owned())));
        assert!(has("session-burst", "PORCHLIGHT_SESSION_BURST") && has("dry-run", "PORCHLIGHT_DRY_RUN"));
        assert!(flags.iter().all(|(_, variable)| variable.is_some()), "{flags:?}");
    }

    #[test]
    fn a_number_that_cannot_be_is_refused_by_its_name() {
        for (flag, number) in [("session-burst", "-1"), ("search-memory", "-1"), ("session-rate", "0")] {
            let line = ["porchlight", "serve", &format!("--{flag}"), number];
            let error = with_environment(Cli::command()).try_get_matches_from(line).unwrap_err().to_string();
            assert!(error.contains(&format!("--{flag}")) && error.contains("1"), "{error}");
            assert!(!error.contains("unexpected argument") && !error.contains("non-zero type"), "{error}");
        }
    }
}
