//! Every setting: its flag, its environment variable, its default.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::keys::Secret;
use crate::store::Store;
use crate::store::mongodb::MongoStore;
use crate::store::sqlite::SqliteStore;

/// Where everything is kept, and the secret that keys and tokens hang on; the same for every command.
#[derive(Clone, Debug, Args)]
pub struct Installation {
    /// sqlite:FILE or mongodb://HOST/DATABASE
    #[arg(
        long,
        env = "PORCHLIGHT_STORE",
        default_value = "sqlite:porchlight.db",
        global = true,
        hide_env_values = true
    )]
    pub store: String,
    /// 64 hex digits in place of the secret that the store keeps; keys and tokens hold only with the one they were made with
    #[arg(long, env = "PORCHLIGHT_SECRET", global = true, hide_env_values = true)]
    pub secret: Option<String>,
}

impl Installation {
    /// Opens the store, with its indexes made, and reads the secret.
    pub async fn open(&self) -> anyhow::Result<(Arc<dyn Store>, Secret)> {
        let given = self.secret.as_deref().map(read_secret).transpose()?;
        let store = self.open_store().await?;
        let secret = match given {
            Some(secret) => secret,
            None => store.secret().await.context("--store: the installation's secret cannot be read")?,
        };
        Ok((store, Secret::new(secret)))
    }

    /// Opens the store, with its indexes made.
    pub async fn open_store(&self) -> anyhow::Result<Arc<dyn Store>> {
        if self.store.starts_with("mongodb://") || self.store.starts_with("mongodb+srv://") {
            let store = MongoStore::connect(&self.store).await;
            // The address may hold a password: it is not repeated.
            return Ok(Arc::new(store.context("--store: the MongoDB deployment cannot be used")?));
        }
        let Some(file) = self.store.strip_prefix("sqlite:").filter(|file| !file.is_empty()) else {
            bail!("--store must be sqlite:FILE or mongodb://HOST/DATABASE");
        };
        let store = SqliteStore::open(Path::new(file))
            .with_context(|| format!("--store: the file {file} cannot be opened"))?;
        Ok(Arc::new(store))
    }
}

/// Reads 64 hex digits.
fn read_secret(text: &str) -> anyhow::Result<[u8; 32]> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits =
        digits.filter(|digits| digits.len() == 64).context("PORCHLIGHT_SECRET must be 64 hex digits")?;
    let mut secret = [0; 32];
    for (byte, pair) in secret.iter_mut().zip(digits.chunks(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Ok(secret)
}

/// How the server takes requests.
#[derive(Clone, Debug, Args)]
pub struct ServeConfig {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "PORCHLIGHT_LISTEN", default_value = "127.0.0.1:8787")]
    pub listen: String,
    /// What the edge signs with; when set, visitors' requests are taken only when signed
    #[arg(long, env = "PORCHLIGHT_EDGE_SECRET", hide_env_values = true)]
    pub edge_secret: Option<String>,
    /// Messages a session may send at once; 0 switches the session's limit off
    #[arg(long, env = "PORCHLIGHT_SESSION_BURST", default_value_t = 60)]
    pub session_burst: u32,
    /// Messages a second a session may send after that
    #[arg(long, env = "PORCHLIGHT_SESSION_RATE", default_value = "1")]
    pub session_rate: NonZeroU32,
    /// Messages a second a whole site may send; 0 is no limit
    #[arg(long, env = "PORCHLIGHT_SITE_RATE", default_value_t = 0)]
    pub site_rate: u32,
    /// Captures that may wait for a commit; more are answered 503
    #[arg(long, env = "PORCHLIGHT_QUEUE", default_value_t = 4096)]
    pub queue: usize,
    /// Megabytes of leads held in memory to search in; a million leads take some 200
    #[arg(long, env = "PORCHLIGHT_SEARCH_MEMORY", default_value_t = 512)]
    pub search_memory: u32,
    /// Event-streams at once; more are answered 503
    #[arg(long, env = "PORCHLIGHT_STREAMS", default_value_t = 4096)]
    pub streams: usize,
    /// Event-streams that the visitors of one site may have at once; more are answered 429
    #[arg(long, env = "PORCHLIGHT_SITE_STREAMS", default_value_t = 2048)]
    pub site_streams: usize,
    /// Notices by e-mail.
    #[command(flatten)]
    pub mail: MailConfig,
}

/// Notices by e-mail to the businesses.
#[derive(Clone, Debug, Args)]
pub struct MailConfig {
    /// The mail server, smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required; without one no mail is sent
    #[arg(long, env = "PORCHLIGHT_SMTP", hide_env_values = true)]
    pub smtp: Option<String>,
    /// Whom the mails are from, as in Acme <notices@acme.com>
    #[arg(long, env = "PORCHLIGHT_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// Seconds after which a business is told of a message that nobody has answered; 0 is never
    #[arg(long, env = "PORCHLIGHT_UNANSWERED_AFTER", default_value_t = 600)]
    pub unanswered_after: u32,
    /// Seconds between two mails to the same business; what comes meanwhile is told together
    #[arg(long, env = "PORCHLIGHT_MAIL_EVERY", default_value_t = 300)]
    pub mail_every: u32,
}

impl ServeConfig {
    /// The memory to search in, in bytes.
    pub fn search_bytes(&self) -> usize {
        self.search_memory as usize * 1_000_000
    }

    /// Says what cannot be.
    pub fn check(&self) -> anyhow::Result<()> {
        let weak = self.edge_secret.as_ref().is_some_and(|secret| secret.len() < 16);
        ensure!(
            !weak,
            "--edge-secret must have at least 16 characters; make one with `openssl rand -hex 32`"
        );
        ensure!(self.queue > 0, "--queue must be at least 1");
        Ok(())
    }
}
