//! `porchlight assistant`: what a business has of its own of the language model that answers.

use std::io::Read;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use porchlight_protocol::ids::AdminId;
use serde_json::json;

use super::tenant;
use crate::assistant::{ModelSettings, OwnModel};
use crate::config::Installation;
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub(super) enum AssistantCommand {
    /// Show what a business has set, as JSON; of a key only whether there is one
    Show {
        /// The business
        #[arg(long)]
        admin: AdminId,
    },
    /// Set some of it; what is not named stays. Running servers take it over within two seconds
    Set(Set),
    /// Take all of it back: what `porchlight serve` is told holds again
    Clear {
        /// The business
        #[arg(long)]
        admin: AdminId,
    },
}

#[derive(Args)]
pub(super) struct Set {
    /// The business
    #[arg(long)]
    admin: AdminId,
    /// Where its model is, such as https://api.openai.com/v1; a key of the server's goes to no other address than the server's
    #[arg(long)]
    base_url: Option<String>,
    /// The model's name there
    #[arg(long)]
    model: Option<String>,
    /// The key for it, or - to read it from the input, where no list of processes shows it
    #[arg(long)]
    api_key: Option<String>,
    /// Tokens it may spend a UTC day; 0 is no limit
    #[arg(long)]
    day_tokens: Option<u64>,
    /// Tokens that one session may spend in all; 0 is no limit
    #[arg(long)]
    session_tokens: Option<u64>,
}

impl std::fmt::Debug for Set {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Set").field("admin", &self.admin).finish_non_exhaustive()
    }
}

impl AssistantCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let store = installation.open_store().await?;
        match self {
            Self::Show { admin } => show(&read(&*store, &admin).await?),
            Self::Set(set) => {
                let model = set.over(read(&*store, &set.admin).await?)?;
                keep(&*store, &set.admin, &model).await
            }
            Self::Clear { admin } => keep(&*store, &admin, &OwnModel::default()).await,
        }
    }
}

impl Set {
    fn over(&self, kept: OwnModel) -> anyhow::Result<OwnModel> {
        let named = [&self.base_url, &self.model, &self.api_key].into_iter().any(Option::is_some)
            || self.day_tokens.or(self.session_tokens).is_some();
        if !named {
            bail!("name what to set, for instance --model NAME; `porchlight assistant set --help` lists all");
        }
        // A key belongs to an address: it does not go along to another one.
        let moved = self.base_url.is_some() && self.base_url != kept.base_url;
        let model = OwnModel {
            base_url: self.base_url.clone().or(kept.base_url),
            model: self.model.clone().or(kept.model),
            api_key: self.key()?.or(kept.api_key.filter(|_| !moved)),
            day_tokens: self.day_tokens.or(kept.day_tokens),
            session_tokens: self.session_tokens.or(kept.session_tokens),
        };
        // What is not set comes from the server; here only the form of what is set counts.
        let form = ModelSettings {
            base_url: model.base_url.clone().unwrap_or_else(|| "https://a.example".to_owned()),
            model: model.model.clone().unwrap_or_else(|| "any".to_owned()),
            api_key: model.api_key.clone(),
        };
        form.check().map_err(|wrong| anyhow::anyhow!("--{wrong}"))?;
        Ok(model)
    }

    fn key(&self) -> anyhow::Result<Option<String>> {
        let Some("-") = self.api_key.as_deref() else { return Ok(self.api_key.clone()) };
        let mut key = String::new();
        std::io::stdin().read_to_string(&mut key).context("--api-key: the input cannot be read")?;
        ensure!(!key.trim().is_empty(), "--api-key: the input is empty");
        Ok(Some(key.trim().to_owned()))
    }
}

async fn read(store: &dyn Store, admin: &AdminId) -> anyhow::Result<OwnModel> {
    let site = store.site_of(&tenant(store, admin).await?).await?;
    Ok(site.context("the business was removed meanwhile")?.model)
}

async fn keep(store: &dyn Store, admin: &AdminId, model: &OwnModel) -> anyhow::Result<()> {
    let kept = store.set_model(&tenant(store, admin).await?, model).await?;
    ensure!(kept, "the business was removed meanwhile");
    show(model)
}

fn show(model: &OwnModel) -> anyhow::Result<()> {
    let shown = json!({
        "baseUrl": model.base_url,
        "model": model.model,
        "hasApiKey": model.api_key.is_some(),
        "dayTokens": model.day_tokens,
        "sessionTokens": model.session_tokens,
    });
    println!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}
