//! `porchlight backup`, `restore` and `doctor`.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;

use crate::config::Installation;
use crate::store::Finding;

#[derive(Debug, Args)]
pub(super) struct BackupCommand {
    /// The file to write; it must not be there yet
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct RestoreCommand {
    /// A file that `porchlight backup` wrote from a store of the same kind
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct DoctorCommand {}

impl BackupCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let file = self.file;
        ensure!(!file.exists(), "{} is there already; name a new file", file.display());
        let (store, _) = installation.open().await?;
        store.backup(&file).await.with_context(|| format!("{} cannot be written", file.display()))?;
        let size = file.metadata().map(|data| data.len()).unwrap_or_default();
        println!(
            "{} written, {size} bytes; it holds everything, the installation's secret too",
            file.display()
        );
        Ok(())
    }
}

impl RestoreCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let file = self.file;
        ensure!(file.is_file(), "{} is not there", file.display());
        let store = installation.open_store().await?;
        let empty = store.admins().await?.is_empty();
        ensure!(empty, "--store holds businesses already; restore into an empty store");
        store.restore(&file).await.with_context(|| format!("{} cannot be restored", file.display()))?;
        println!("{} restored: {} businesses", file.display(), store.admins().await?.len());
        Ok(())
    }
}

impl DoctorCommand {
    /// Fails when something is wrong, so that a script can ask.
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let (store, _) = installation.open().await?;
        println!("ok    the store opens, with its indexes");
        let findings = store.inspect().await?;
        for Finding { good, text } in &findings {
            println!("{}  {text}", if *good { "ok  " } else { "BAD " });
        }
        let bad = findings.iter().filter(|finding| !finding.good).count();
        ensure!(bad == 0, "{bad} of {} checks found something wrong", findings.len() + 1);
        Ok(())
    }
}
