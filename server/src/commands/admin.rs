//! `porchlight admin`.

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use porchlight_protocol::email::Email;
use porchlight_protocol::ids::ApiKey;
use porchlight_protocol::origins::parse_allowed;
use porchlight_protocol::widget::WidgetSettings;
use serde_json::json;

use super::key::new_key;
use crate::config::Installation;
use crate::store::{Admin, StoreError};
use crate::{clock, keys};

const MAX_NAME_CHARS: usize = 80;

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Set up a business; its API key and password are shown this once
    Create(Create),
    /// Show the businesses
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The business's name, as visitors see it
    #[arg(long)]
    name: String,
    /// Where the business reads its mail; also the dashboard's user name
    #[arg(long)]
    email: String,
    /// A page origin that may use the site key, such as https://acme.com or https://*.acme.com; may repeat; none allows all
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_delimiter = ',')]
    allow_origin: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl AdminCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run(installation).await,
            Self::List { json } => list(installation, json).await,
        }
    }
}

impl Create {
    async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let password = keys::random("", 24)?;
        let admin = self.admin(&password)?;
        let (store, secret) = installation.open().await?;
        let (admin_id, site_key) = (admin.id.clone(), admin.site_key.clone());
        let (key, api_key): (_, ApiKey) = new_key(&secret, &admin_id)?;
        match store.create_admin(admin).await {
            Err(StoreError::Taken(what)) => bail!("--{what}: another business has this {what} already"),
            other => other?,
        }
        ensure!(store.create_key(key).await?, "the business was removed while its key was being made");
        if self.json {
            let shown =
                json!({ "adminId": admin_id, "siteKey": site_key, "apiKey": api_key, "password": password });
            println!("{shown}");
        } else {
            println!("Business  {admin_id}\nSite key  {site_key}\nAPI key   {api_key}\nPassword  {password}");
            println!("\nKeep the API key and the password; they are not shown again.");
        }
        Ok(())
    }

    fn admin(&self, password: &str) -> anyhow::Result<Admin> {
        let name = self.name.trim();
        let length = name.chars().count();
        ensure!((1..=MAX_NAME_CHARS).contains(&length), "--name must have 1 to {MAX_NAME_CHARS} characters");
        let Ok(email) = Email::parse(&self.email) else {
            bail!("--email must be one e-mail address; it is {:?}", self.email)
        };
        let origins: Result<Vec<String>, String> =
            self.allow_origin.iter().map(|text| parse_allowed(text)).collect();
        Ok(Admin {
            id: keys::id("admin_").parse()?,
            name: name.to_owned(),
            email: email.into(),
            password_hash: keys::hash_password(password)?,
            site_key: keys::random("pk_", 24)?.parse()?,
            allowed_origins: origins.map_err(|error| anyhow::anyhow!("--allow-origin: {error}"))?,
            widget: WidgetSettings { name: name.to_owned(), ..WidgetSettings::default() },
            created_at: clock::now(),
        })
    }
}

async fn list(installation: &Installation, json: bool) -> anyhow::Result<()> {
    let (store, _) = installation.open().await?;
    let admins = store.admins().await?;
    if json {
        let shown: Vec<_> = admins
            .iter()
            .map(|admin| {
                json!({
                    "adminId": admin.id, "name": admin.name, "email": admin.email, "siteKey": admin.site_key,
                    "allowedOrigins": admin.allowed_origins, "createdAt": admin.created_at,
                })
            })
            .collect();
        println!("{}", json!(shown));
        return Ok(());
    }
    for admin in admins {
        println!("{}  {}  {}  {}  {}", admin.id, admin.site_key, admin.created_at, admin.email, admin.name);
    }
    Ok(())
}
