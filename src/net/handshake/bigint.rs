//! What JavaScript's `BigInt(text)` takes (ECMA-262, StringToBigInt), as far as it fits 64 bits unsigned.

/// The value of `text`, or `None` if `BigInt` would throw or the value does not fit.
///
/// Decimal with an optional sign, or `0x`, `0o`, `0b` without one, in either case; white space around it; nothing but that is 0.
pub(super) fn parse_u64(text: &str) -> Option<u64> {
    let text = text.trim_matches(is_white_space);
    if text.is_empty() {
        return Some(0);
    }
    if let Some((radix, digits)) = prefixed(text) {
        return parse_digits(digits, radix);
    }
    match text.strip_prefix('-') {
        // Only minus zero is not negative.
        Some(digits) => parse_digits(digits, 10).filter(|value| *value == 0),
        None => parse_digits(text.strip_prefix('+').unwrap_or(text), 10),
    }
}

fn prefixed(text: &str) -> Option<(u32, &str)> {
    let rest = text.strip_prefix('0')?;
    [(16, ['x', 'X']), (8, ['o', 'O']), (2, ['b', 'B'])]
        .into_iter()
        .find_map(|(radix, letters)| Some((radix, rest.strip_prefix(letters)?)))
}

/// Digits only: `from_str_radix` by itself would take a sign as well.
fn parse_digits(digits: &str, radix: u32) -> Option<u64> {
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// WhiteSpace and LineTerminator of ECMA-262: Unicode's, with the byte order mark and without NEL.
pub(super) fn is_white_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}
