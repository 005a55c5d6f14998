//! Every setting: its flag and its default. [`crate::commands`] gives each flag its environment variable.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::assistant::{ModelSettings, Times};
use crate::keys::Secret;
use crate::notices::read_sender;
use crate::store::mongodb::MongoStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, TokenBudget};

/// Where everything is kept, and the secret that keys and tokens hang on; the same for every command.
#[derive(Clone, Debug, Args)]
pub struct Installation {
    /// sqlite:FILE or mongodb://HOST/DATABASE
    #[arg(long, default_value = "sqlite:porchlight.db", global = true, hide_env_values = true)]
    pub store: String,
    /// 64 hex digits in place of the secret that the store keeps; keys and tokens hold only with the one they were made with
    #[arg(long, global = true, hide_env_values = true)]
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

fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| format!("it must be a whole number from 1 to {}", u32::MAX))
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
    #[arg(long, default_value = "127.0.0.1:8787")]
    pub listen: String,
    /// What the edge signs with; when set, visitors' requests are taken only when signed
    #[arg(long, hide_env_values = true)]
    pub edge_secret: Option<String>,
    /// Messages a session may send at once; 0 switches the session's limit off
    #[arg(long, default_value_t = 60)]
    pub session_burst: u32,
    /// Messages a second a session may send after that
    #[arg(long, default_value = "1", value_parser = at_least_one)]
    pub session_rate: NonZeroU32,
    /// Messages a second a whole site may send; 0 is no limit
    #[arg(long, default_value_t = 0)]
    pub site_rate: u32,
    /// Captures that may wait for a commit; more are answered 503
    #[arg(long, default_value_t = 4096)]
    pub queue: usize,
    /// Megabytes of leads held in memory to search in; a million leads take some 200
    #[arg(long, default_value_t = 512)]
    pub search_memory: u32,
    /// Event-streams at once; more are answered 503
    #[arg(long, default_value_t = 4096)]
    pub streams: usize,
    /// Event-streams that the visitors of one site may have at once; more are answered 429
    #[arg(long, default_value_t = 2048)]
    pub site_streams: usize,
    /// Notices by e-mail.
    #[command(flatten)]
    pub mail: MailConfig,
    /// Answers by a language model.
    #[command(flatten)]
    pub llm: LlmConfig,
}

/// Answers by a language model, at an endpoint that speaks OpenAI's chat completions.
#[derive(Clone, Debug, Args)]
pub struct LlmConfig {
    /// Where the model is, such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1; without one the built-in assistant answers
    #[arg(long)]
    pub llm_base_url: Option<String>,
    /// The key for it, where it needs one
    #[arg(long, hide_env_values = true)]
    pub llm_api_key: Option<String>,
    /// The model's name there
    #[arg(long)]
    pub llm_model: Option<String>,
    /// Milliseconds to connect to it
    #[arg(long, default_value_t = 2_000)]
    pub llm_connect_ms: u32,
    /// Milliseconds to the first words of an answer, retries included, and between its pieces
    #[arg(long, default_value_t = 10_000)]
    pub llm_piece_ms: u32,
    /// Milliseconds for a whole answer
    #[arg(long, default_value_t = 60_000)]
    pub llm_whole_ms: u32,
    /// Milliseconds that a visitor who does not take event-streams waits for it before the built-in assistant answers
    #[arg(long, default_value_t = 2_000)]
    pub llm_patience_ms: u32,
    /// Milliseconds that a visitor must have been quiet before a model draws requirements out of the conversation
    #[arg(long, default_value_t = 4_000)]
    pub llm_quiet_ms: u32,
    /// Answers that models may write at once; the built-in assistant gives the others
    #[arg(long, default_value_t = 64)]
    pub llm_at_once: u32,
    /// Tokens that a business may spend a UTC day, where it has no limit of its own; 0 is no limit
    #[arg(long, default_value_t = 1_000_000)]
    pub llm_day_tokens: u64,
    /// Tokens that one session may spend in all; 0 is no limit
    #[arg(long, default_value_t = 50_000)]
    pub llm_session_tokens: u64,
}

impl LlmConfig {
    /// The model of businesses that have none of their own.
    pub fn model(&self) -> Option<ModelSettings> {
        Some(ModelSettings {
            base_url: self.llm_base_url.clone()?,
            model: self.llm_model.clone()?,
            api_key: self.llm_api_key.clone().filter(|key| !key.is_empty()),
        })
    }

    /// What businesses may spend.
    pub fn budget(&self) -> TokenBudget {
        TokenBudget { business_day: self.llm_day_tokens, session: self.llm_session_tokens }
    }

    /// How long a provider may take.
    pub fn times(&self) -> Times {
        let milliseconds = |count: u32| Duration::from_millis(count.into());
        Times {
            connect: milliseconds(self.llm_connect_ms),
            piece: milliseconds(self.llm_piece_ms),
            whole: milliseconds(self.llm_whole_ms),
        }
    }

    /// How long who waits for the whole answer waits for a model.
    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.llm_patience_ms.into())
    }

    /// How long a visitor must have been quiet before requirements are drawn out.
    pub fn quiet(&self) -> Duration {
        Duration::from_millis(self.llm_quiet_ms.into())
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.llm_base_url.is_some() == self.llm_model.is_some(),
            "--llm-base-url and --llm-model belong together; set both or neither"
        );
        ensure!(self.llm_at_once > 0, "--llm-at-once must be at least 1");
        // The built-in assistant must have answered before whoever asks gives up.
        ensure!(self.llm_patience_ms <= 4_000, "--llm-patience-ms must be at most 4000");
        match self.model().map(|model| model.check()) {
            Some(Err(wrong)) => bail!("--llm-{wrong}"),
            _ => Ok(()),
        }
    }
}

/// Notices by e-mail to the businesses.
#[derive(Clone, Debug, Args)]
pub struct MailConfig {
    /// The mail server, smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required; without one no mail is sent
    #[arg(long, hide_env_values = true)]
    pub smtp: Option<String>,
    /// Whom the mails are from, as in Acme <notices@acme.com>
    #[arg(long)]
    pub mail_from: Option<String>,
    /// Seconds after which a business is told of a message that nobody has answered; 0 is never
    #[arg(long, default_value_t = 600)]
    pub unanswered_after: u32,
    /// Seconds between two mails to the same business; what comes meanwhile is told together
    #[arg(long, default_value_t = 300)]
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
        self.mail.mail_from.as_deref().map(read_sender).transpose()?;
        self.llm.check()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        serve: ServeConfig,
    }

    fn said(flags: &[&str]) -> Result<(), String> {
        let command =
            Command::try_parse_from(["serve"].iter().chain(flags)).map_err(|error| error.to_string())?;
        command.serve.check().map_err(|error| error.to_string())
    }

    #[test]
    fn settings_of_a_model_that_cannot_be_are_named() {
        let url = "http://127.0.0.1:4000/v1";
        assert_eq!(said(&[]), Ok(()));
        assert_eq!(said(&["--llm-base-url", url, "--llm-model", "m", "--llm-api-key", "k"]), Ok(()));
        for (flags, named) in [
            (vec!["--llm-base-url", url], "--llm-model"),
            (vec!["--llm-base-url", "localhost", "--llm-model", "m"], "--llm-base-url"),
            (vec!["--llm-base-url", url, "--llm-model", "m", "--llm-api-key", "a b"], "--llm-api-key"),
            (vec!["--llm-at-once", "0"], "--llm-at-once"),
            (vec!["--llm-patience-ms", "60000"], "--llm-patience-ms"),
        ] {
            assert!(said(&flags).unwrap_err().contains(named), "{flags:?}");
        }
    }

    #[test]
    fn the_examples_for_models_are_good_settings() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/llm");
        for file in ["hosted", "local", "gateway"] {
            let text = std::fs::read_to_string(folder.join(format!("{file}.env"))).unwrap();
            let flags: Vec<String> = text
                .lines()
                .filter_map(|line| line.strip_prefix("PORCHLIGHT_")?.split_once('='))
                .map(|(name, value)| format!("--{}={value}", name.to_lowercase().replace('_', "-")))
                .collect();
            assert!(flags.len() > 2, "{file}");
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            assert_eq!(said(&flags), Ok(()), "{file}");
        }
    }
}
