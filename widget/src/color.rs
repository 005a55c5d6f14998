//! The accent, the text upon it, and its likes that can be read as text.
//!
//! Contrast is that of WCAG 2.2: at least 4.5 for every accent there is, in light and in dark.

/// The darker of the two surfaces that links stand upon where it is light, and the lighter where it is dark; as in
/// `style.css`.
const LIGHT: [u8; 3] = [0xf1, 0xf2, 0xf4];
const DARK: [u8; 3] = [0x27, 0x2a, 0x30];

/// A little more than the standard asks for, because [`luminance`] is not exact.
const READABLE: f32 = 4.6;

/// What goes with an accent; colours as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Text on the accent.
    pub on: &'static str,
    /// The accent as a text where it is light.
    pub link: String,
    /// The accent as a text where it is dark.
    pub link_dark: String,
}

impl Palette {
    /// `None` where the text is no colour of the form `#rrggbb`.
    pub fn of(accent: &str) -> Option<Self> {
        let accent = channels(accent)?;
        let white_reads_better = contrast(accent, [255; 3]) > contrast(accent, [0; 3]);
        Some(Self {
            on: if white_reads_better { "#ffffff" } else { "#000000" },
            link: hex(readable(accent, LIGHT, darker)),
            link_dark: hex(readable(accent, DARK, lighter)),
        })
    }
}

/// Goes on in small steps, which keep the hue, until the colour is readable on the ground.
fn readable(mut color: [u8; 3], ground: [u8; 3], step: fn(u8) -> u8) -> [u8; 3] {
    while contrast(color, ground) < READABLE {
        color = color.map(step);
    }
    color
}

fn darker(channel: u8) -> u8 {
    channel - channel.div_ceil(16)
}

fn lighter(channel: u8) -> u8 {
    channel.saturating_add(channel / 16 + 1)
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f32 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}

/// Relative luminance. A polynomial stands for the standard's power, which would bring the library's `pow`.
fn luminance(color: [u8; 3]) -> f32 {
    let [red, green, blue] = color.map(|channel| {
        let c = f32::from(channel) / 255.0;
        c * (c * (c * 0.305_306 + 0.682_171_1) + 0.012_522_9)
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
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

fn hex(color: [u8; 3]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    let mut text = String::from("#");
    for channel in color {
        text.push(digit(channel >> 4));
        text.push(digit(channel & 15));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard's own formula.
    fn exact_contrast(a: &str, b: &str) -> f64 {
        let luminance = |color: &str| {
            let [red, green, blue] = channels(color).unwrap().map(|channel| {
                let c = f64::from(channel) / 255.0;
                if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (a, b) = (luminance(a), luminance(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_accent_is_readable_in_light_and_dark() {
        let steps = (0..=255).step_by(15);
        for red in steps.clone() {
            for (green, blue) in steps.clone().flat_map(|g| (0..=255).step_by(15).map(move |b| (g, b))) {
                let accent = hex([red, green, blue]);
                let palette = Palette::of(&accent).unwrap();
                assert!(exact_contrast(palette.on, &accent) >= 4.5, "{accent}: {palette:?}");
                for light in ["#ffffff", "#f1f2f4"] {
                    assert!(exact_contrast(&palette.link, light) >= 4.5, "{accent}: {palette:?}");
                }
                for dark in ["#18191d", "#272a30"] {
                    assert!(exact_contrast(&palette.link_dark, dark) >= 4.5, "{accent}: {palette:?}");
                }
            }
        }
    }

    #[test]
    fn an_accent_that_can_be_read_stays_as_it_is() {
        let palette = Palette::of("#2f5d50").unwrap();
        assert_eq!((palette.on, palette.link.as_str()), ("#ffffff", "#2f5d50"));
        assert_eq!(Palette::of("#ffd400").unwrap().link_dark, "#ffd400");
        for none in ["red", "#12345", "#12345g", "", "123456"] {
            assert_eq!(Palette::of(none), None, "{none}");
        }
    }
}
