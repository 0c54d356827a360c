//! Parses arguments. The error of every parser says what is expected.

/// A size relative to the real files.
pub(super) fn scale(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|scale: &f64| (0.0001..=500.0).contains(scale))
        .ok_or_else(|| "expected a number from 0.0001 to 500, such as 1 or 0.01".to_owned())
}

/// A share of at most one half, as `0.5%` or `0.005`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim(), 100.0),
        None => (text, 1.0),
    };
    number
        .parse()
        .ok()
        .map(|number: f64| number / unit)
        .filter(|share| (0.0..=0.5).contains(share))
        .ok_or_else(|| "expected a share such as 0.5% or 0.005".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_must_be_in_its_range() {
        assert_eq!(scale("0.01"), Ok(0.01));
        for bad in ["0", "-1", "501", "inf", "NaN", "big"] {
            assert!(scale(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_is_a_percentage_or_a_fraction() {
        assert_eq!(share("50%"), Ok(0.5));
        assert_eq!(share("0.005"), Ok(0.005));
        for bad in ["5", "51%", "-1%", "NaN", ""] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }
}
