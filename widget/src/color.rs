//! The accent and the text upon it.

/// Black or white, whichever is read more easily on `#rrggbb`; white on what is no such colour.
///
/// Contrast by relative luminance as in WCAG 2.2; the two are equally far from a luminance of about 0.179.
pub fn text_on(accent: &str) -> &'static str {
    match luminance(accent) {
        Some(light) if light > 0.179 => "#16181d",
        _ => "#ffffff",
    }
}

/// Whether a text is a colour of the form `#rrggbb`.
pub fn is_color(text: &str) -> bool {
    channels(text).is_some()
}

fn luminance(color: &str) -> Option<f32> {
    let [red, green, blue] = channels(color)?;
    // The square is close enough to the standard's curve to choose between two extremes, and much smaller.
    let linear = |channel: u8| (f32::from(channel) / 255.0) * (f32::from(channel) / 255.0);
    Some(0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue))
}

fn channels(color: &str) -> Option<[u8; 3]> {
    let digits = color.strip_prefix('#')?.as_bytes();
    if digits.len() != 6 {
        return None;
    }
    let mut channels = [0; 3];
    for (channel, pair) in channels.iter_mut().zip(digits.chunks(2)) {
        for digit in pair {
            *channel = *channel << 4 | (*digit as char).to_digit(16)? as u8;
        }
    }
    Some(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_readable_on_any_accent() {
        let cases = [
            ("#000000", "#ffffff"),
            ("#ffffff", "#16181d"),
            ("#2f5d50", "#ffffff"),
            ("#ffd400", "#16181d"),
            ("#1d4ed8", "#ffffff"),
            ("red", "#ffffff"),
        ];
        for (accent, text) in cases {
            assert_eq!(text_on(accent), text, "{accent}");
        }
        assert!(is_color("#A1b2C3") && !is_color("#12345") && !is_color("#12345g"));
    }
}
