//! `porchlight migrate`: leads from chats that are older than this system.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use porchlight_protocol::email::Email;
use porchlight_protocol::ids::AdminId;

use crate::clock;
use crate::config::Installation;
use crate::conversation::derive_old;
use crate::leads::history::MIGRATION;
use crate::leads::{By, LeadQuery, Place, PlainFilter, Sort, SortField, Start};
use crate::store::{Store, Tenant};

/// Sessions that are migrated in one step.
const STEP: usize = 100;

/// Between two steps, so that on SQLite a server's writes get in.
const PAUSE: Duration = Duration::from_millis(10);

/// How many differing addresses are named.
const NAMED: usize = 100;

#[derive(Debug, Args)]
pub(super) struct MigrateCommand {
    /// Say what would happen and change nothing
    #[arg(long)]
    dry_run: bool,
    /// This business alone
    #[arg(long)]
    admin: Option<AdminId>,
}

impl MigrateCommand {
    pub(super) async fn run(self, installation: &Installation) -> anyhow::Result<()> {
        let (store, _) = installation.open().await?;
        let mut admins = store.admins().await?;
        if let Some(wanted) = &self.admin {
            admins.retain(|admin| admin.id == *wanted);
            ensure!(!admins.is_empty(), "--admin: there is no business {wanted}");
        }
        for admin in admins {
            let site = store.site(&admin.site_key).await?.context("the business was removed meanwhile")?;
            println!("{} ({})", admin.name, admin.id);
            match self.dry_run {
                true => foresee(&store, &site.tenant).await?,
                false => {
                    migrate(&store, &site.tenant).await?;
                    report(&store, &site.tenant).await?;
                }
            }
        }
        Ok(())
    }
}

async fn migrate(store: &Arc<dyn Store>, tenant: &Tenant) -> anyhow::Result<()> {
    let sessions = store.old_sessions(tenant).await?;
    let bar = progress(sessions.len());
    let by = By::new(MIGRATION, clock::now());
    for step in sessions.chunks(STEP) {
        store.migrate(tenant, step, &by).await?;
        bar.inc(step.len() as u64);
        tokio::time::sleep(PAUSE).await;
    }
    bar.finish_and_clear();
    println!("  {} conversations migrated", sessions.len());
    Ok(())
}

/// What [`migrate`] would do.
async fn foresee(store: &Arc<dyn Store>, tenant: &Tenant) -> anyhow::Result<()> {
    let sessions = store.old_sessions(tenant).await?;
    let known = lead_addresses(store, tenant).await?;
    let bar = progress(sessions.len());
    let (mut new, mut returning, mut links) = (BTreeSet::new(), BTreeSet::new(), 0);
    for session in &sessions {
        let messages = match session.parse() {
            Ok(session) => store.session(tenant, &session).await?,
            Err(_) => Vec::new(),
        };
        for link in derive_old(&messages).into_iter().flat_map(|conversation| conversation.links) {
            links += 1;
            let side = if known.contains(&link.email) { &mut returning } else { &mut new };
            side.insert(link.email);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("  {} conversations would be migrated", sessions.len());
    println!("  {} leads would be made, {} would be brought up to date", new.len(), returning.len());
    println!("  {links} links between conversations and leads");
    Ok(())
}

/// The addresses of the old view beside the leads.
async fn report(store: &Arc<dyn Store>, tenant: &Tenant) -> anyhow::Result<()> {
    let leads = lead_addresses(store, tenant).await?;
    let seen = store.legacy_addresses(tenant).await?;
    // The old view tells spellings apart that are one address.
    let normal = |text: &String| Email::parse(text).map_or_else(|_| text.to_lowercase(), String::from);
    let distinct: BTreeSet<String> = seen.iter().map(normal).collect();
    println!(
        "  old view: {} addresses, {} of them distinct; leads: {}",
        seen.len(),
        distinct.len(),
        leads.len()
    );
    name("in the old view alone", distinct.difference(&leads));
    name("among the leads alone", leads.difference(&distinct));
    if distinct == leads {
        println!("  parity: every address of the old view is a lead, and no other");
    }
    Ok(())
}

fn name<'a>(what: &str, addresses: impl Iterator<Item = &'a String> + Clone) {
    let count = addresses.clone().count();
    if count == 0 {
        return;
    }
    println!("  {count} {what}:");
    addresses.take(NAMED).for_each(|address| println!("    {address}"));
    if count > NAMED {
        println!("    and {} more", count - NAMED);
    }
}

async fn lead_addresses(store: &Arc<dyn Store>, tenant: &Tenant) -> anyhow::Result<BTreeSet<String>> {
    let mut addresses = BTreeSet::new();
    let sort = Sort { field: SortField::Email, descending: false };
    let mut start = Start::Page(1);
    loop {
        let query = LeadQuery { filter: PlainFilter::default(), sort, start, page_size: 100 };
        let page = store.leads(tenant, &query).await?;
        addresses.extend(page.leads.iter().map(|record| record.lead.email.clone()));
        match page.leads.last().filter(|_| page.more) {
            Some(last) => start = Start::Behind(Place::of(last, sort.field)),
            None => return Ok(addresses),
        }
    }
}

/// A bar with rate and time left; nothing where the output is no terminal.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    let look = "  {bar:40} {pos}/{len} conversations, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(look) {
        bar.set_style(style);
    }
    bar
}
