//! `porchlight knowledge`.

use std::path::Path;

use anyhow::ensure;
use clap::{Args, Subcommand};
use porchlight_protocol::fields::Fields;
use porchlight_protocol::ids::AdminId;
use serde_json::{Map, Value, json};

use super::{read_file, said, tenant};
use crate::clock;
use crate::config::Installation;
use crate::knowledge::http::{DocumentAnswer, no_room};
use crate::knowledge::{Format, NewDocument};

#[derive(Debug, Subcommand)]
pub(super) enum KnowledgeCommand {
    /// Add a text, in place of the one with the same address or, without one, the same title. Running servers answer
    /// with it within two seconds
    Add(Add),
    /// Show what there is
    List {
        /// The business
        #[arg(long)]
        admin: AdminId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a text
    Remove {
        /// Its id, as `knowledge list` shows it
        id: String,
        /// The business
        #[arg(long)]
        admin: AdminId,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Markdown (.md), text or HTML (.html) in UTF-8, or - for the input
    file: String,
    /// The business
    #[arg(long)]
    admin: AdminId,
    /// What it is called; else by its first heading
    #[arg(long)]
    title: Option<String>,
    /// Where it can be read: answers link there
    #[arg(long)]
    url: Option<String>,
    /// markdown, text or html; else as the file's name says, and Markdown for the input
    #[arg(long)]
    format: Option<String>,
}

impl KnowledgeCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(installation).await,
            Self::List { admin, json } => list(installation, &admin, json).await,
            Self::Remove { id, admin } => {
                let (store, _) = installation.open().await?;
                let tenant = tenant(&*store, &admin).await?;
                let removed = store.remove_document(&tenant, &id).await?;
                ensure!(
                    removed,
                    "the business has no document {id}; `porchlight knowledge list` shows what it has"
                );
                println!("{id} is removed.");
                Ok(())
            }
        }
    }
}

impl Add {
    async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let new = NewDocument::take(Fields::of(self.fields()?)).map_err(said)?;
        let (store, _) = installation.open().await?;
        let tenant = tenant(&*store, &self.admin).await?;
        let document = new.of(&self.admin, clock::now());
        let kept = store.keep_document(&tenant, &document).await?;
        let kept = kept.ok_or_else(|| said(no_room()))?;
        println!("{} {}", kept.id, kept.title);
        Ok(())
    }

    /// The document as `POST /api/knowledge` takes it.
    fn fields(&self) -> anyhow::Result<Map<String, Value>> {
        let format = self.format.clone().unwrap_or_else(|| format_of(&self.file).as_str().to_owned());
        let mut fields = Map::new();
        fields.insert("text".to_owned(), json!(read_file(&self.file, "FILE")?));
        fields.insert("format".to_owned(), json!(format));
        let given = [("title", &self.title), ("url", &self.url)];
        fields.extend(
            given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))),
        );
        Ok(fields)
    }
}

fn format_of(file: &str) -> Format {
    let ending = Path::new(file).extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("html" | "htm") => Format::Html,
        Some("md" | "markdown") => Format::Markdown,
        _ if file == "-" => Format::Markdown,
        _ => Format::Text,
    }
}

async fn list(installation: &Installation, admin: &AdminId, json: bool) -> anyhow::Result<()> {
    let (store, _) = installation.open().await?;
    let tenant = tenant(&*store, admin).await?;
    let documents: Vec<DocumentAnswer> =
        store.document_heads(&tenant).await?.into_iter().map(DocumentAnswer::from).collect();
    if json {
        println!("{}", serde_json::to_string_pretty(&documents)?);
        return Ok(());
    }
    for document in documents {
        let url = document.url.unwrap_or_default();
        println!("{}  {:>7}  {}  {url}", document.id, document.bytes, document.title);
    }
    Ok(())
}
