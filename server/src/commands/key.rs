//! `porchlight key`.

use anyhow::{bail, ensure};
use clap::Subcommand;
use porchlight_protocol::ids::{AdminId, ApiKey};
use serde_json::json;

use crate::clock;
use crate::config::Installation;
use crate::keys::{self, Secret};
use crate::store::KeyRecord;

/// How much of a key is kept readable, to tell keys apart: `sk_` and four characters.
const PREFIX: usize = 7;

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key for a business; it is shown this once
    Create {
        /// The business
        #[arg(long)]
        admin: AdminId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the keys of a business, ended ones too
    List {
        /// The business
        #[arg(long)]
        admin: AdminId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a key; it stops working at once
    Revoke {
        /// The key's id, as `key list` shows it
        key_id: String,
    },
}

impl KeyCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        match self {
            Self::Create { admin, json } => create(installation, &admin, json).await,
            Self::List { admin, json } => list(installation, &admin, json).await,
            Self::Revoke { key_id } => revoke(installation, &key_id).await,
        }
    }
}

/// A new key, once as it is kept and once as it is shown.
pub(super) fn new_key(secret: &Secret, admin: &AdminId) -> anyhow::Result<(KeyRecord, ApiKey)> {
    let key: ApiKey = keys::random("sk_", 40)?.parse()?;
    let record = KeyRecord {
        id: keys::id("key_"),
        admin_id: admin.clone(),
        hash: secret.hash_key(&key),
        prefix: key.as_str().chars().take(PREFIX).collect(),
        created_at: clock::now(),
        revoked_at: None,
        used_at: None,
    };
    Ok((record, key))
}

async fn create(installation: &Installation, admin: &AdminId, json: bool) -> anyhow::Result<()> {
    let (store, secret) = installation.open().await?;
    let (record, key) = new_key(&secret, admin)?;
    let id = record.id.clone();
    ensure!(store.create_key(record).await?, "--admin: there is no business {admin}");
    match json {
        true => println!("{}", json!({ "keyId": id, "apiKey": key })),
        false => println!("Key      {id}\nAPI key  {key}\n\nKeep it; it is not shown again."),
    }
    Ok(())
}

async fn list(installation: &Installation, admin: &AdminId, json: bool) -> anyhow::Result<()> {
    let (store, _) = installation.open().await?;
    let known = store.admins().await?.iter().any(|known| known.id == *admin);
    ensure!(known, "--admin: there is no business {admin}");
    let keys = store.keys(admin).await?;
    if json {
        let shown: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({
                    "keyId": key.id, "prefix": key.prefix, "createdAt": key.created_at, "revokedAt": key.revoked_at,
                    "lastUsedAt": key.used_at,
                })
            })
            .collect();
        println!("{}", json!(shown));
        return Ok(());
    }
    for key in keys {
        let state = key.revoked_at.map_or("good".to_owned(), |at| format!("revoked {at}"));
        let used = key.used_at.map_or("never used".to_owned(), |at| format!("last used {at}"));
        println!("{}  {}…  {}  {used}  {state}", key.id, key.prefix, key.created_at);
    }
    Ok(())
}

async fn revoke(installation: &Installation, id: &str) -> anyhow::Result<()> {
    let (store, _) = installation.open().await?;
    if !store.revoke_key(id, clock::now()).await? {
        bail!("there is no key {id:?}; `porchlight key list` shows a business's keys");
    }
    println!("Revoked {id}");
    Ok(())
}
