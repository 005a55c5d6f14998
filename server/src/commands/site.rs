//! `porchlight site`.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use porchlight_protocol::ids::AdminId;
use serde_json::{Map, Value, json};

use super::{read_file, said, tenant};
use crate::config::Installation;
use crate::site::{SiteAnswer, change, changed};

#[derive(Debug, Subcommand)]
pub(super) enum SiteCommand {
    /// Show a business's site and its settings, as JSON
    Show {
        /// The business
        #[arg(long)]
        admin: AdminId,
    },
    /// Set some of it; what is not named stays. Running servers take it over within two seconds
    Set(Box<Set>),
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The business
    #[arg(long)]
    admin: AdminId,
    /// The name at the top of the widget
    #[arg(long)]
    name: Option<String>,
    /// The first words; empty takes those of the visitor's language
    #[arg(long)]
    greeting: Option<String>,
    /// The accent, such as #2f5d50
    #[arg(long)]
    color: Option<String>,
    /// right or left
    #[arg(long)]
    position: Option<String>,
    /// none, notice or ask
    #[arg(long)]
    consent: Option<String>,
    /// Whether the widget asks for an address
    #[arg(long)]
    ask_email: Option<bool>,
    /// Where the business says what it does with what visitors write; empty for nowhere
    #[arg(long)]
    privacy_url: Option<String>,
    /// Whether an answer makes a sound
    #[arg(long)]
    sound: Option<bool>,
    /// A page origin that may use the site key, in place of all; may repeat; one empty value allows all
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    allow_origin: Option<Vec<String>>,
    /// A file with settings as `PUT /api/site` takes them, or - for the input; flags win over it
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
}

impl SiteCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let (store, _) = installation.open().await?;
        let site = match self {
            Self::Show { admin } => {
                let tenant = tenant(&*store, &admin).await?;
                store.site_of(&tenant).await?
            }
            Self::Set(set) => {
                let body = set.body()?;
                let tenant = tenant(&*store, &set.admin).await?;
                change(&*store, &tenant, |site| changed(site, &body)).await?.map_err(said)?
            }
        };
        let site = site.context("the business was removed meanwhile")?;
        println!("{}", serde_json::to_string_pretty(&SiteAnswer::from(site))?);
        Ok(())
    }
}

impl Set {
    /// The change as `PUT /api/site` takes it.
    fn body(&self) -> anyhow::Result<Vec<u8>> {
        let mut body: Map<String, Value> = match self.json.as_deref() {
            None => Map::new(),
            Some(file) => serde_json::from_str(&read_file(file, "--json")?)
                .context("--json must hold one JSON object")?,
        };
        let given = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let clearable = |text: &Option<String>| {
            text.as_ref().map(|text| if text.is_empty() { Value::Null } else { json!(text) })
        };
        let origins = self.allow_origin.as_ref();
        let flags = [
            ("name", given(&self.name)),
            ("greeting", clearable(&self.greeting)),
            ("color", given(&self.color)),
            ("position", given(&self.position)),
            ("consent", given(&self.consent)),
            ("askEmail", self.ask_email.map(Value::from)),
            ("privacyUrl", clearable(&self.privacy_url)),
            ("sound", self.sound.map(Value::from)),
            (
                "allowedOrigins",
                origins.map(|list| list.iter().filter(|one| !one.is_empty()).cloned().collect()),
            ),
        ];
        body.extend(flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if body.is_empty() {
            bail!(
                "name what to set, for instance --color \"#2f5d50\"; `porchlight site set --help` lists all"
            );
        }
        Ok(serde_json::to_vec(&body)?)
    }
}
