//! The measurements.

use std::process::Command;

use crate::mongodb::MongoDb;
use crate::shell::{cargo, run};
use crate::{artefacts, tools};

/// Medians are of as many runs.
const WIDGET_RUNS: u32 = 9;

/// `cargo xtask bench NAME`.
pub(crate) fn run_named(name: Option<&str>) -> anyhow::Result<()> {
    match name {
        Some(name @ ("capture" | "leads" | "reply")) => {
            let mongodb = MongoDb::start()?;
            let mut bench = cargo(&["bench", "--workspace", "--exclude", "porchlight-edge", "--bench", name]);
            let what = match name {
                "capture" => "Measuring captures",
                "leads" => "Measuring the leads API",
                _ => "Measuring answers by a model",
            };
            run(what, bench.env("PORCHLIGHT_TEST_MONGODB_URI", &mongodb.uri), "")
        }
        Some("email") => {
            let mut bench = cargo(&["bench", "--package", "porchlight-protocol", "--bench", "email"]);
            run("Measuring the search for addresses", &mut bench, "")
        }
        Some("knowledge") => {
            let mut bench = cargo(&["test", "--package", "porchlight-server", "--test", "knowledge"]);
            run("Asking what businesses know", bench.args(["--", "--nocapture"]), "")
        }
        Some("widget") => {
            let (widget, folder, (chromium, _)) =
                (artefacts::widget()?, tools::widget_bench()?, tools::chromium()?);
            let mut bench = Command::new("node");
            bench.arg(folder.join("widget.mjs")).arg(chromium).arg(widget).arg(folder.join("rivals"));
            bench.arg(WIDGET_RUNS.to_string());
            run("Measuring what widgets cost a page (about twenty minutes)", &mut bench, "")
        }
        _ => anyhow::bail!(
            "name one of: capture (captures a second on both stores, beside the databases' own limits), knowledge (questions answered by the right passage, and rightly not answered), leads (lists, search and figures at up to a million leads), reply (time to the first words of a model that answers at once), email (search for addresses in hostile text), widget (what it costs a page, beside other widgets)"
        ),
    }
}
