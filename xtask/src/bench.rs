//! The measurements.

use crate::mongodb::MongoDb;
use crate::shell::{cargo, run};

/// `cargo xtask bench NAME`.
pub(crate) fn run_named(name: Option<&str>) -> anyhow::Result<()> {
    match name {
        Some(name @ ("capture" | "leads" | "reply")) => {
            let mongodb = MongoDb::start()?;
            let mut bench = cargo(&["bench", "--package", "porchlight-server", "--bench", name]);
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
        _ => anyhow::bail!(
            "name one of: capture (captures a second on both stores, beside the databases' own limits), knowledge (questions answered by the right passage, and rightly not answered), leads (lists, search and figures at up to a million leads), reply (time to the first words of a model that answers at once), email (search for addresses in hostile text)"
        ),
    }
}
