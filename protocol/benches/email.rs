//! How long the search for addresses takes, in ordinary and in hostile text of growing size.
//!
//! The last column is what a byte costs in the largest text over what it costs in the smallest: about 1 where the
//! time is linear in the size.

use std::hint::black_box;
use std::time::{Duration, Instant};

use porchlight_protocol::email::find_emails;

/// 10 KB, 100 KB, 1 MB and 10 MB.
const SIZES: &[usize] = &[10_000, 100_000, 1_000_000, 10_000_000];

/// A name and the piece that the text repeats.
const SHAPES: &[(&str, &str)] = &[
    (
        "chat",
        "Hello, we are a team of twelve and look for help with our shop. Mail jane.doe@acme.com, thanks! ",
    ),
    (
        "chat, no address",
        "Hello, we are a team of twelve and look for help with our shop by the end of May. ",
    ),
    ("chinese", "你好,我们需要自动化方面的帮助,预算五百美元,请联系 zhang@example.cn 谢谢。"),
    ("a", "a"),
    ("@", "@"),
    ("a.", "a."),
    ("a@", "a@"),
    ("a@a.", "a@a."),
    ("(at)", "(at)"),
    ("x at y dot", "x at y dot "),
    ("x @ y .", "x @ y . "),
    ("://a@", "://a@"),
    ("ssh -p", "ssh -p "),
    ("a@b.co:/", "a@b.co:/"),
    ("_@", "_a@b.co_"),
    ("one long domain", "a.B."),
    ("one long label", "a-"),
    ("invisible", "\u{200b}a"),
];

fn main() {
    println!(
        "{:<18}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}",
        "text", "10 KB", "100 KB", "1 MB", "10 MB", "MB/s", "curve"
    );
    for (name, piece) in SHAPES {
        // Some shapes are at their worst behind an `@` that starts them.
        let head = if name.starts_with("one long") { "x@aa.zzz." } else { "" };
        let times: Vec<Duration> = SIZES.iter().map(|size| time(head, piece, *size)).collect();
        let per_byte: Vec<f64> =
            times.iter().zip(SIZES).map(|(time, size)| time.as_secs_f64() / *size as f64).collect();
        let (first, last) =
            (per_byte.first().copied().unwrap_or(1.0), per_byte.last().copied().unwrap_or(1.0));
        let columns: String = times.iter().map(|time| format!("{:>10}", format!("{time:.1?}"))).collect();
        println!("{name:<18}{columns}{:>10.0}{:>8.2}", 1e-6 / last, last / first);
    }
}

/// The median of several searches, fewer of them for the larger texts.
fn time(head: &str, piece: &str, size: usize) -> Duration {
    let mut text = head.to_owned();
    text.extend(std::iter::repeat_n(piece, size.saturating_sub(head.len()) / piece.len()));
    let rounds = (10_000_000 / size).clamp(3, 51);
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(find_emails(black_box(&text)));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(rounds / 2).copied().unwrap_or_default()
}
